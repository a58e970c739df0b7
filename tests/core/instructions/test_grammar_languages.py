"""Sentences in other languages are told so, and English with foreign words is read."""

from __future__ import annotations

import pytest

from polaris_core.instructions.grammar import parse_instruction
from polaris_core.instructions.intent import InstructionType

FOREIGN = {
    "German": ["Ersetze die Katze durch einen Fuchs", "Mach den Himmel blau", "Entferne das Auto"],
    "French": ["Remplace le chat par un renard", "Ajoute un chapeau", "Enlève les lunettes"],
    "Spanish": ["Cambia el fondo a una playa", "Añade un sombrero", "Quita el coche"],
    "Italian": ["Aggiungi un cappello", "Sostituisci il gatto con un cane"],
    "Portuguese": ["Remova o carro", "Troque o fundo por uma praia"],
    "Dutch": ["Vervang de kat door een hond", "Maak de lucht paars"],
    "Polish": ["Zamień kota na psa", "Usuń samochód"],
    "Turkish": ["Arka planı sil"],
    "Indonesian": ["Tambahkan topi"],
    "Russian": ["Замени кота на собаку", "Удали машину"],
    "Chinese": ["把猫换成狗", "删除汽车"],
    "Japanese": ["背景を海に変えて", "帽子を追加"],
    "Korean": ["고양이를 개로 바꿔 줘"],
    "Arabic": ["استبدل القطة بكلب"],
    "Hindi": ["बिल्ली को कुत्ते से बदलें"],
    "Greek": ["Αντικατέστησε τη γάτα"],
}


@pytest.mark.parametrize(
    ("language", "sentence"), [(name, s) for name, group in FOREIGN.items() for s in group]
)
def test_another_language_is_named_and_a_model_offered(language, sentence):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is InstructionType.OTHER
    assert "English" in intent.explanation
    assert "language model" in intent.explanation
    assert language in intent.explanation


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Make the façade blue", InstructionType.LOCAL_STYLE),
        ("Add a piñata above the table", InstructionType.ADD),
        ("Change the background to Rio de Janeiro", InstructionType.LOCAL_STYLE),
        ("Add La Tour Eiffel in the background", InstructionType.ADD),
        ("add a les paul guitar", InstructionType.ADD),
        ("Replace the cat with a dachshund", InstructionType.CATEGORY_CHANGE),
        ("in art deco style", InstructionType.GLOBAL_STYLE),
        ("make it look like a film noir", InstructionType.GLOBAL_STYLE),
        ("remove the word '猫'", InstructionType.REMOVE),
    ],
)
def test_english_with_foreign_words_is_english(sentence, kind):
    assert parse_instruction(sentence).instruction_type is kind
