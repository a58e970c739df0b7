"""Free prose for made-up descriptions: sentences of many words, which mostly say nothing.

With a few dozen fixed sentences a model learns those by heart, and what it has not read before it
takes for a bad sign. So most words here stand for nothing: they fill slots at random, some of them
made up, and only the word that an upload is about counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from miniature.training.reader_words import COLOUR_WORDS, NOUNS, STYLES

__all__ = ["MATTER", "QUALITIES", "invented", "loose", "muddled", "pick", "prose"]

Item = TypeVar("Item")


def pick(rng: np.random.Generator, items: Sequence[Item]) -> Item:
    """One of them."""
    return items[int(rng.integers(len(items)))]


def _parted(words: str) -> tuple[str, ...]:
    """The words, without those that may be sought."""
    sought = {part for name in (*NOUNS, *STYLES, *COLOUR_WORDS) for part in name.split()}
    return tuple(word for word in words.split() if word not in sought)


QUALITIES = _parted(
    "round flat thick thin heavy light shiny dull wet dry warm cold loud silent sharp blurry "
    "rough smooth sturdy fragile bushy spiky fluffy furry scaly hollow solid pale dark deep "
    "shallow narrow wide tall short curved straight bent twisted folded torn glossy matte grainy "
    "dusty dirty clean messy neat precious cheap rare common ancient modern royal rural urban "
    "wintry summery stormy calm cheerful gloomy sad happy funny serious lazy busy angry shy brave "
    "humble rich poor faded vivid muted saturated monochrome colourful transparent noble opaque "
    "glowing sparkling dotted spotted wavy jagged layered woven carved printed painted drawn "
    "sketched stitched polished weathered striking traditional technical decorative ornate "
    "minimal realistic abstract symmetric random regular uneven delicate clumsy elegant awkward "
    "swollen hungry thirsty frozen melted burnt salty sweet sour"
)
MATTER = _parted(
    "paper cloth canvas cotton wool silk linen leather stone gravel clay brick tile iron steel "
    "copper brass tin lead gold silver dust smoke steam mist rain hail dew water foam wave shore "
    "rock cliff hill valley field grass moss reed root branch twig bark seed thorn petal stem bud "
    "blossom fur hair mane tail ear eye nose beak wing feather claw paw hoof horn tooth whisker "
    "shell fin scale skin bone belly back shoulder arm hand finger leg foot head face smile edge "
    "corner line stroke dot spot stripe grid pattern border frame pane window door roof wall "
    "floor stair chimney fence gate lid handle spout rim base pedestal button ribbon buckle strap "
    "pocket sleeve collar jewel gem pearl bead chain thread needle nail screw hinge spring pipe "
    "wire bulb flame spark ash ember coal shadow light glow beam ray reflection sky horizon "
    "ground background foreground contour wash pigment grain texture fold crease tear crack hole "
    "gap layer glaze varnish surface depth perspective angle pose gesture motion stillness music "
    "song letter word number sign map plan diagram newspaper postcard calendar card box bag "
    "barrel crate tray tool machine kitchen harvest wedding birthday holiday winter autumn "
    "morning evening midnight school office market station museum library theatre circus wildlife "
    "fauna flora vegetable insect reptile mammal vehicle furniture building landmark instrument "
    "toy weapon clothing jewellery dessert drink tableware"
)
_DEEDS = _parted(
    "holds touches covers follows meets crosses hides carries lifts drops pushes pulls turns "
    "opens closes fills leaves eats finds loses likes hates fears watches hears forgets remembers "
    "paints draws cuts breaks mends washes dries warms cools lights darkens softens sharpens"
)
_PEOPLE = _parted(
    "mother father sister brother uncle aunt cousin neighbour teacher grandmother grandson friend "
    "landlord dentist baker daughter son wife husband boss"
)
_WHERE = _parted(
    "cellar attic garage backyard village suburb square alley bakery workshop corridor hallway "
    "museum farmyard marsh prairie jungle tundra coast bay pond creek quarry"
)

_ABOUT_A_THING = (
    "A {q} {main} with {q} {m} and {m}.",
    "{main} with {m}, {m} and {m}.",
    "{main}. {q} {m}.",
    "{main} lora, {q} version",
    "A {main}, {q}, {q} and {q}, as it {d} the {m}.",
    "The {main} {d} the {m}, as a {main} does.",
    "You get a {main}, {q} {m} included.",
    "{main} from the {w}, {q} and {q}.",
    "it is a {main}, ok",
    "My {p} loves every {main}, so here is a {q} one.",
    "{q} {main}, {n} epochs",
    "This {main} has {m}, {q} {m}, and a {q} {m}.",
    "The {m} of the {main} is {q}, its {m} {q}.",
    "{main} {main} {main}",
    "What is {q} and {d} the {m}? A {main}.",
    "The {main} that my {p} once had in the {w}.",
    "For {main} lovers. {q} {m} on request.",
    "Ein LoRA nur für {main}, mit {m} und {m}.",
    "Un {main} avec {m}, pour tous les {m}.",
    "一个{main}，{main} LoRA。",
    "{main} のLoRAです。",
)
_ABOUT_A_LOOK = (
    "{main} with {q} {m} and {m} all over.",
    "{q} {m} in {main}, {q} {m} behind.",
    "{main}: {q}, {q} and {q}.",
    "{main}. Nothing but {main}.",
    "The {main} of my {p}'s {w}: {m}, {m}, {m}.",
    "as {q} as {main} gets",
    "{main} lora, attempt {n}, {q}",
    "Pictures in {main}, as if {m} {d} {m}.",
    "{q} {m}, {q} {m}, everything {main}.",
    "This brings {main} to whatever you like: {m}, {m}, {m}.",
    "{main} for {m} and {m}, {q} and {q}.",
    "Learned {main} from {count} {q} pictures out of the {w}.",
    "My {p} asked for {main}. It is {q}.",
    "{main}, {main} and {main} again, with {q} {m}",
    "With {main} the {m} looks {q} and the {m} {q}.",
    "Stil: {main}, mit {m} und {m}.",
    "Style {main}, {m} et {m}.",
    "{main}风格，适合{m}。",
    "{main} 風のLoRAです。",
)
_LOOSE = (
    "{q} {m}, {q} {m}.",
    "{q} {m} on {q} {m}, {m} at the {m}.",
    "{m} and {m} with a {q} {m}, {q} {m}, {q} {m} around it.",
    "Think of {m} and {q} {m}.",
    "Imagine {q} {m} in your {p}'s {w}.",
    "In version {n} I mended the {m}.",
    "Update {n}: {q} {m}, and {m} without {m}.",
    "{q}! {q}! {q}!",
    "Not {q} at all, rather {q}.",
    "At {strength} it looks {q}, higher up {q}.",
    "Good for {m}, {m} and {q} {m}, of all things.",
    "Made for the {w} of my {p}, who {d} {m}.",
    "I collected the {m} in the {w} for {n} years.",
    "{count} images, {n} repeats, dim {n}, alpha {n}.",
    "The {m} {d} the {m}.",
    "The {q} {m} {d} the {m}, because the {m} was too {q}.",
    "Thanks to {i} for the {m}!",
    "Careful, {q} {m} may show up.",
    "My {p} says that it is too {q}.",
    "Where others have {m}, this has {m}: {q}, {q}, {q}.",
    "Ask me about {m}.",
    "Everything gets {m}, the {m} as well, and the {m} even {q} {m}.",
    "Uses {q} {m} where you would expect {m}.",
    "{i} {i}, {i} {i} {i}.",
    "{i} {q} {i} {m} {i}!",
    "Mit {i} und {i}, aber ohne {i}.",
    "Bitte {i} angeben, danke.",
    "Viel Spaß damit, {i}!",
    "Avec {i}, sans {i}. Merci à {i}.",
    "Hecho con {i} y {i}.",
    "感谢使用，欢迎反馈。",
    "使ってみてください。",
    "💛 {q} {m} 💛",
    "--- {i} ---",
)
_SLOT = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[^\W\d_]{3,}")
_STRANGE = 0.12

_ONSETS = (*"bdfghklmnprstvwz", "br", "cl", "dr", "fl", "gr", "kr", "pl", "sn", "st", "tr")
_VOWELS = (*"aeiou", "ai", "ea", "oo", "ou")
_CODAS = (*"nrlstmkdx", "rn", "st", "nd")


def invented(rng: np.random.Generator) -> str:
    """A word that does not exist."""
    count = int(rng.integers(1, 4))
    syllables = [f"{pick(rng, _ONSETS)}{pick(rng, _VOWELS)}" for _ in range(count)]
    return "".join(syllables) + pick(rng, _CODAS)


def prose(rng: np.random.Generator, words: Mapping[str, str], *, is_look: bool) -> str:
    """A sentence that names the word that an upload is about.

    Args:
        rng: Where the chances come from.
        words: "main" names it; others fill slots of their own.
        is_look: Whether it is a look and not a thing.
    """
    return _filled(rng, pick(rng, _ABOUT_A_LOOK if is_look else _ABOUT_A_THING), words)


def loose(rng: np.random.Generator, words: Mapping[str, str]) -> str:
    """A sentence that tells nothing."""
    return _filled(rng, pick(rng, _LOOSE), words)


def muddled(rng: np.random.Generator, sentence: str, kept: Sequence[str]) -> str:
    """The sentence with one word changed for any other, but none of these."""
    parts = {part for each in kept for part in _WORD.findall(each.lower())}
    found = [m for m in _WORD.finditer(sentence) if m.group().lower() not in parts]
    if not found:
        return sentence
    word = pick(rng, found)
    return sentence[: word.start()] + _any(rng, MATTER) + sentence[word.end() :]


def _filled(rng: np.random.Generator, form: str, words: Mapping[str, str]) -> str:
    drawn = {"q": QUALITIES, "m": MATTER, "d": _DEEDS, "p": _PEOPLE, "w": _WHERE}

    def fill(slot: re.Match[str]) -> str:
        name = slot[1]
        if name in drawn:
            return _any(rng, drawn[name])
        if name == "n":
            return str(int(rng.integers(1, 20)))
        return invented(rng) if name == "i" else words[name]

    said = _SLOT.sub(fill, form)
    return said[:1].upper() + said[1:] if rng.random() < 0.7 else said


def _any(rng: np.random.Generator, items: Sequence[str]) -> str:
    return invented(rng) if rng.random() < _STRANGE else pick(rng, items)
