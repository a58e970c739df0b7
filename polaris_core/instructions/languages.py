"""Whether a sentence is English, told by its script and its little words."""

from __future__ import annotations

import unicodedata

from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import DETERMINERS, OPENERS, PICTURES, VERBS
from polaris_core.instructions.preamble import is_polite
from polaris_core.instructions.reading import Reading
from polaris_core.instructions.words import Words, word_set

__all__ = ["foreign"]

_LITTLE = {
    "German": "der das den dem ein eine einen einem einer und mit durch auf aus bitte ersetze "
    "ändere füge mache mach entferne lösche verwandle male zeichne erstelle hinzu bild foto "
    "hintergrund katze hund himmel soll wie nicht ist im zum zur für ohne setze lass hintergrunds "
    "rot blau grün einfügen hinzufügen entfernen ändern sie wird werden",
    "French": "le les une des du dans avec sur et remplace remplacer ajoute ajouter est pour par "
    "chat chien supprime supprimer enlève enlever change-moi mets mettre fais dessine crée "
    "transforme rends image-là l'image l'arrière-plan arrière-plan ciel fond peins un au aux en "
    "couleur rouge bleu vert s'il vous plaît rendez tu je peux veux gens jeune efface effacer",
    "Spanish": "el los las una unos con por del y para gato perro reemplaza cambia añade agrega "
    "quita elimina borra pon haz convierte pinta dibuja crea fondo imagen cielo un al de la en "
    "como sea color-de favor rojo azul verde sombrero hazlo ponle quítale sustituye hazla más "
    "menos",
    "Italian": "il lo gli nel nella della del di una un sostituisci aggiungi rimuovi togli cambia "
    "trasforma rendi disegna crea sfondo immagine con che per gatto cane cielo fai metti elimina "
    "colora stile cappello rosso",
    "Portuguese": "os uma com pelo pela um o e de do da no na para em substitua adicione remova "
    "mude troque transforme coloque faça desenhe crie fundo imagem gato cachorro céu apague "
    "retire deixe pinte como vermelho",
    "Dutch": "het een met vervang voeg toe verwijder verander maak haal teken van de naar door "
    "achtergrond afbeelding foto-van hond kat lucht zet schilder voor en weg",
    "Polish": "na w z i zamień dodaj usuń zmień zrób narysuj tło obraz zdjęcie kota psa kot pies "
    "niebo do nie przekształć",
    "Swedish": "och med ett en den till byt ersätt lägg ta bort ändra gör måla rita bakgrunden "
    "bilden katten hunden himlen på hatt",
    "Danish": "og til med en et udskift erstat tilføj fjern skift lav mal tegn baggrunden "
    "billedet katten hunden himlen på",
    "Turkish": "bir ile ve bu kaldır sil ekle değiştir yap çiz arka planı resmi kediyi köpeği "
    "dönüştür kedi köpek için rengini",
    "Indonesian": "dengan dan ini itu ganti hapus tambahkan ubah jadikan buat gambar latar "
    "belakang kucing anjing langit menjadi di pada warna",
    "Vietnamese": "một con vào của và thay xóa thêm đổi nền bức ảnh mèo chó bằng thành màu",
    "Czech": "a s na za přidej odstraň změň nahraď udělej pozadí obrázek kočku psa oblohu",
    "Finnish": "ja lisää poista vaihda muuta tee tausta kuva kissa koira taivas kissan koiran",
    "Hungarian": "egy az és cseréld cserélj távolítsd hozzá változtasd háttér kép macskát kutyát "
    "ég",
    "Romanian": "o un cu și pe în înlocuiește adaugă șterge elimină schimbă fundalul imaginea "
    "pisica câinele cerul fă",
}
_FOREIGN = {word for words in _LITTLE.values() for word in words.split()}
_ENGLISH = (
    OPENERS
    | DETERMINERS
    | PICTURES
    | VERBS
    | word_set(
        "and or is are be it its him her them me my i you can please image photo background look "
        "like color colour style more less all not no cat dog man woman person sky hair text"
    )
)
# Letters that English does not have.
_MARKED = frozenset("äöüßéèêëàâçñáíóúìòùåøæãõœłżźćśęąńğışțșřžčýđőű¿¡")
_SCRIPTS = {
    "CJK": "Chinese or Japanese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
    "CYRILLIC": "Russian or another language in Cyrillic script",
    "ARABIC": "Arabic",
    "DEVANAGARI": "Hindi",
    "THAI": "Thai",
    "GREEK": "Greek",
    "HEBREW": "Hebrew",
}


def foreign(words: Words) -> Reading | None:
    """OTHER if the sentence is not English; quoted text in it may be anything."""
    language = _by_script(words) or _by_words(words)
    if not language:
        return None
    guess = f" (it looks like {language})" if language != "another language" else ""
    reason = (
        f"The sentence does not seem to be English{guess}, and this parser reads English only. "
        "Write it in English, or connect a language model, which reads other languages too"
    )
    return Reading(InstructionType.OTHER, reason=reason)


def _by_script(words: Words) -> str:
    letters = [c for w in words if not w.is_quote for c in w.text if c.isalpha()]
    names = [unicodedata.name(c, "") for c in letters if not "a" <= c.lower() <= "z"]
    strange = [name.split(" ", 1)[0] for name in names if not name.startswith("LATIN")]
    if len(strange) * 2 <= len(letters):
        return ""
    if any(s in ("HIRAGANA", "KATAKANA") for s in strange):
        return "Japanese"
    return _SCRIPTS.get(strange[0], "another language")


def _by_words(words: Words) -> str:
    spoken = [w.lower for w in words if not w.is_quote and not w.is_mark]
    lowers = [part for word in spoken for part in word.split("-") if part]
    found = sum(w in _FOREIGN and w not in _ENGLISH for w in lowers)
    also = sum(w in _FOREIGN for w in lowers)
    marked = any(c in _MARKED for w in lowers for c in w)
    english = sum(w in _ENGLISH or is_polite(w) for w in lowers)
    clear = found >= 2 and found >= english
    alone = found >= 1 and (marked or also * 2 > len(lowers)) and english <= also - found
    few = found >= 1 and english == 0 and (len(lowers) < 4 or marked)
    apostrophe = found + sum(w[:2] in ("l'", "d'", "j'", "c'", "s'") for w in lowers) >= 2
    if not (clear or alone or few or (apostrophe and found >= english)):
        return ""
    return _likeliest(lowers)


def _likeliest(lowers: list[str]) -> str:
    counts = {name: sum(w in words.split() for w in lowers) for name, words in _LITTLE.items()}
    best = max(counts, key=lambda name: counts[name])
    first = sorted(counts.values(), reverse=True)
    return best if first[0] > first[1] else "another language"
