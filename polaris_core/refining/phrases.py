"""Which of an entry's short texts (title, tags, trigger words, parts of prompts) tell what it is.

Tags of model sites, and prompts even more so, are mostly words that stand everywhere: what kind of
model it is, that it is good, that there is one girl who looks at the viewer. They are told apart by
lists, not by counting, so that what is made of an entry depends on nobody else in the zoo.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from polaris_core.catalogue.plain_text import one_line

__all__ = [
    "is_everywhere",
    "is_figure",
    "prompt_parts",
    "shared_parts",
    "telling_tags",
    "title_of",
    "written_parts",
]

_TITLE, _TAG, _PART = 120, 60, 60
_PROMPTS = 8
_PARTS = 64

_EVERYWHERE_TAGS = frozenset(
    tag.strip()
    for tag in """
    2d|3d|1girl|1boy|solo|action|actions|anime|anime art|anime boy|anime character
    |anime characters
    anime girl|anime girls|anime style|art|art style|artist|artists|artstyle|artwork|asset|assets
    babe|babes|background|backgrounds|base|base model|beautiful|boy|boys|cartoon|character
    character design|character lora|characters|checkpoint|clothes|clothing|concept|concepts|cute
    detailed|digital art|experimental|fanart|female|female character|fictional character|game
    game character|game characters|games|girl|girls|high quality|highres|hot|human|hyperrealistic
    illustration|locon|lora|lora model|loras|lycoris|male|man|manga|masterpiece|men|meme|model
    models|nsfw|object|objects|other|outfit|outfits|people|person|photo|photo realistic
    |photography
    photorealism|photorealistic|portrait|portraits|pose|poses|realism|realistic|semi-realistic
    |sexy
    sfw|stable diffusion|style|style art|style lora|styles|test|tool|video game|video games
    videogame|videogames|waifu|woman|women
    """.replace("\n", "|").split("|")
)

_COLOURS = (
    "aqua|black|blonde|blond|blue|brown|cyan|dark|gold(?:en)?|gr[ae]y|green|light"
    "|multicolou?red|orange|pink|platinum|purple|red|silver|violet|white|yellow"
)
_EVERYWHERE = re.compile(
    rf"""(?ix)(?:
      (?:\d|multiple|a|one|two)?\+?\s?(?:girls?|boys?|others?|wom[ae]n|m[ae]n|person|people
      |females?|males?)
    | solo(?:\ focus)? | (?:the\ )?(?:best|high|top|amazing|ultra|highest|good)[\ -]?(?:quality
    |res|resolution)
    | masterpieces? | masterclass | abs?urd-?res | high-?res | highest-?res | official\ (?:art
    |style) | wallpapers?
    | (?:ultra|extremely|highly|super|very|hyper|insanely|intricate|beautiful)?[\ -]*
      (?:detailed?s?|details|clear|realistic|beautiful|delicate|fine|sharp|cg|(?:high
      |ultra)[\ -]?definition|uhd|hdr|hd|\d{{1,2}}k)
      (?:\ (?:face|eyes|skin|wallpaper|background|cg|unity\ \dk\ wallpaper|lighting|hands?
      |illustration|body))*
    | (?:photo-?)?realis(?:tic|m) | (?:raw\ )?photo | dslr | film\ grain | sharp\ focus | bokeh
    | depth\ of\ field
    | (?:cinematic|soft|studio|dynamic|natural|volumetric|dramatic|beautiful
    |professional)\ (?:light(?:ing)?|angle|shadows?)
    | perfect\ (?:face|hands?|eyes|anatomy|body|female|lighting) | looking\ (?:at\ viewer|away
    |back|to\ the\ side|up|down|ahead)
    | (?:slight\ |light\ |evil\ |gentle\ )?smil(?:e|ing) | grin | blush(?:ing)? | standing
    | sitting | indoors? | outdoors?
    | (?:simple|white|black|grey|gray|blurry|detailed|gradient|plain)\ background | background
    | day | night | sky
    | (?:upper|full|lower|half)[\ -]?body(?:\ shot)? | cowboy\ shot | close-?up | portrait
    | from\ (?:side|above|below|behind|front)
    | (?:open|closed|parted)\ (?:mouth|eyes|lips) | (?:very\ |extremely\ )?(?:long|short|medium
    |shoulder-?length)\ hair
    | (?:{_COLOURS})(?:\ (?:hair|eyes))? | (?:huge|large|medium|small|flat|big)?\ ?(?:breasts?
    |chest) | cleavage | bangs | navel
    | anime(?:\ (?:style|screencap|coloring))? | illustration | digital\ (?:art|painting
    |illustration) | art(?:work)? | 3d | 2d
    | trending\ on\ artstation | artstation | award[\ -]winning(?:\ photo\w*)? | octane\ render
    | unreal\ engine(?:\ \d)?
    | cute | beautiful(?:\ (?:girl|woman|face))? | pretty | sexy | (?:young|adult
    |mature)\ (?:woman|girl|female|man)
    | intricate(?:\ details?)? | elegant | epic | vibrant(?:\ colou?rs)? | colou?rful
    | no\ humans | simple | lora | nsfw | sfw
    )"""
)
"""Parts of prompts that stand in every other prompt, whatever the model."""

_FIGURE = re.compile(
    r"""(?ix)\b(?:hair\w*|eyes?|pupils|bangs|ahoge|ponytail|twin\ ?tails|braids?|buns?|sidelocks
    |breasts?|chest
    |cleavage|thighs?|skirts?|dress(?:es)?|shirts?|jackets?|coats?|gloves?|gauntlets?
    |thigh-?highs|pantyhose|boots?|shoes?
    |footwear|headwear|legwear|ribbons?|bows?|bowtie|necktie|hats?|caps?|hoods?|hoodie|horns?
    |tails?|ears?|wings?|choker
    |collar|sleeves?|sleeveless|uniforms?|armou?r|earrings?|jewel\w*|necklace|skin|mole|freckles
    |hairband|hairclips?
    |ornaments?|shorts|pants|socks|stockings|belts?|capes?|cloak|kimono|sash|obi|apron|leotard
    |swimsuit|bikini|bra|panties
    |goggles|glasses|mask|scarf|shoulders?|midriff|navel|1girl|1boy|solo|weapon|sword|animal|halo
    |fangs?|makeup|nails?)\b"""
)
"""What a figure looks like and wears: by it nobody looks for the figure."""

_MARKS = " \t-–—_*•·>#=~|+:：.,!、。/\\\"'"
_EMPHASIS = re.compile(r"[()\[\]{}<>\\]|:-?\d+(?:\.\d+)?(?=[)\s,]|$)")
_CALL = re.compile(r"<[^<>]{0,200}>")
_SIGNS = re.compile(r"[_|/\\()\[\]{}<>【】「」『』《》〈〉（）:：,，~*#\"“”]+")
_PACKAGE = re.compile(
    r"""(?ix)\b(?:lora|loras|locon|loha|lokr|dora|lycoris|checkpoint|safetensors|model
    |v\ ?\d+(?:[.\d]*\w?)|ver\ ?\d[.\d]*
    |sd\ ?1\.[45]|sd\ ?2\.[01]|sdxl|extract|test\d*|beta|alpha\d*|collection|pack|concept|meme
    |by\ me)\b"""
)
_HINT = re.compile(
    r"""(?ix)[\[【(（](?:(?:concept|style|pose|character|object|clothing|clothes|meme|art\ ?style
    |artist|lora|locon|lycoris|realistic|anime|anime\s?[&+]\s?realistic
    |realistic\s?[&+]\s?anime|sd\ ?\d\.\d|sdxl)\b[^\])】）]{0,12})[\]】)）]"""
)
_NOT_LATIN = re.compile(r"[^\x00-\u024f]+")
_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def title_of(name: str) -> str:
    """A title as a reader would say it: without brackets, versions, "LoRA", other scripts.

    Where nothing would be left, the title itself.
    """
    name = one_line(name, 2 * _TITLE)
    text = _SIGNS.sub(" ", _NOT_LATIN.sub(" ", _HINT.sub(" ", name)))
    text = _PACKAGE.sub(" ", _CASE.sub(" ", _PACKAGE.sub(" ", text)))
    text = " ".join(word for word in text.split() if word.strip(_MARKS))
    return text[:_TITLE].strip(_MARKS) or name[:_TITLE]


def is_everywhere(part: str) -> bool:
    """Whether a part of a prompt says nothing of the model it was written for."""
    return _EVERYWHERE.fullmatch(part) is not None or part.casefold() in _EVERYWHERE_TAGS


def is_figure(part: str) -> bool:
    """Whether it says how a figure looks, or what it wears."""
    return _FIGURE.search(part) is not None


def telling_tags(tags: Sequence[str]) -> list[str]:
    """The tags that do not stand everywhere, in their order, cleaned."""
    lines = (one_line(tag, _TAG).strip(_MARKS) for tag in tags[:_PARTS])
    return _distinct(
        tag for tag in lines if tag and not is_everywhere(tag) and not _PACKAGE.fullmatch(tag)
    )


def written_parts(texts: Iterable[str]) -> list[str]:
    """What stands between commas, as it is written, without calls of LoRAs around it."""
    parts = (
        part.strip(" \t,;")
        for text in texts
        for part in re.split(r"[,，;\n]", _CALL.sub(" ", text[: 16 * _PART]))
    )
    return _distinct(part for part in parts if any(map(str.isalnum, part)))[:_PARTS]


def prompt_parts(prompt: str) -> list[str]:
    """The parts of a prompt that do not stand everywhere, without emphasis and calls of LoRAs."""
    text = _EMPHASIS.sub(" ", _CALL.sub(" ", prompt[: 32 * _PART])).replace("_", " ")
    parts = (" ".join(part.split()).strip(_MARKS) for part in re.split(r"[,，;\n|]", text))
    return _distinct(
        part[:_PART].rstrip() for part in parts if len(part) > 1 and not is_everywhere(part)
    )[:_PARTS]


def shared_parts(prompts: Sequence[str]) -> list[str]:
    """The parts that stand in more than half of the prompts; of a single one, all of them."""
    read = [{part.casefold(): part for part in prompt_parts(p)} for p in prompts[:_PROMPTS]]
    counts = Counter(key for parts in read for key in parts)
    spelled = {key: part for parts in reversed(read) for key, part in parts.items()}
    return [spelled[key] for key, count in counts.items() if 2 * count > len(read)]


def _distinct(texts: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(text.casefold(), text)
    return list(found.values())
