"""Tell what an adapter is for, from its tags, its name and the captions it was trained on.

Tags decide first: Civitai gives every model one of its categories as a tag. Then words of the
name, then the captions. Where several roles are told, the more particular one wins: an anime
character in the artist's style is a character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from polaris_core.catalogue.entry import Kind, Role

__all__ = ["role_of"]

_CATEGORIES: tuple[tuple[Role, frozenset[str]], ...] = (
    (Role.PERSON, frozenset({"celebrity", "real person", "actress", "actor", "celebrities"})),
    (Role.TOOL, frozenset({"tool", "slider", "sliders", "utility", "acceleration", "lcm"})),
    (Role.CHARACTER, frozenset({"character", "characters"})),
    (Role.CLOTHING, frozenset({"clothing", "clothes"})),
    (Role.POSE, frozenset({"poses", "action", "pose", "actions"})),
    (Role.OBJECT, frozenset({"object", "objects", "animal", "animals", "assets"})),
    (Role.OBJECT, frozenset({"vehicle", "vehicles", "building", "buildings"})),
    (Role.BACKGROUND, frozenset({"background", "backgrounds"})),
    (Role.STYLE, frozenset({"style", "styles"})),
    (Role.CONCEPT, frozenset({"concept", "concepts"})),
)
"""The categories of the site, and their plain variants; the first row that is told wins."""

_WORDS: tuple[tuple[Role, re.Pattern[str]], ...] = tuple(
    (role, re.compile(rf"\b(?:{words})\b"))
    for role, words in (
        (Role.TOOL, r"sliders?|lcm|lightning|hyper ?sd\w*|turbo|detailer|add ?details?|detail "
                    r"(?:tweaker|enhancer|amplifier)|(?:bad|negative) ?hands?|dmd2|stabilizer"),
        (Role.CHARACTER, r"(?:anime |game |video game |cartoon )?characters?|vtuber|hololive"),
        (Role.CLOTHING, r"outfits?|costumes?|dress(?:es)?|uniforms?|armou?r|fashion|swimsuits?"
                        r"|lingerie|jacket|kimono|hanfu|cosplay|hats?|shoes|boots|clothing|clothes"),
        (Role.POSE, r"poses?|posing|gestures?|hands? signs?"),
        (Role.BACKGROUND, r"backgrounds?|landscapes?|scenery|scenes?|environments?|interiors?"
                          r"|cityscapes?|rooms?"),
        (Role.STYLE, r"(?:art ?|anime |manga )?styles?|styled|stylized|art ?work|artists?"
                     r"|aesthetics?|paintings?|watercolou?rs?|illustrations?|sketch(?:es)?"
                     r"|line ?art|pixel ?art|photography|film grain|render|ink|comics?"
                     r"|retro|vintage"),
        (Role.OBJECT, r"vehicles?|cars?|weapons?|swords?|guns?|robots?|mecha|architecture|house"
                      r"|props?|logos?|icons?|food|animals?|cats?|dogs?|dragons?|flowers?|jewelry"),
        (Role.PERSON, r"person|celebrit(?:y|ies)|actress|actor|singer|influencer"),
        (Role.CONCEPT, r"concepts?|effects?|meme|expressions?"),
    )
)  # fmt: skip
_SEPARATORS = re.compile(r"[\W_]+")
_PEOPLE = frozenset({"1girl", "1boy", "solo"})
_FEATURE = re.compile(r"(?:hair|eyes)\Z")


def role_of(
    kind: Kind,
    *,
    tags: Sequence[str] = (),
    name: str = "",
    captions: Sequence[tuple[str, float]] = (),
    real_person: bool = False,
) -> Role:
    """Tell the role of a model.

    Args:
        kind: A checkpoint carries STYLE always; what is neither checkpoint nor adapter, none.
        tags: What the uploader or the user says it is.
        name: Title, or file name without suffix.
        captions: Commonest captions of the training set with their share of the pictures
            in [0, 1], commonest first.
        real_person: Whether the source marks it as the likeness of a real person.
    """
    if kind is not Kind.LORA:
        return Role.STYLE if kind is Kind.CHECKPOINT else Role.UNKNOWN
    if real_person:
        return Role.PERSON
    lowered = {tag.lower() for tag in tags}
    spoken = _plain(name)
    if _WORDS[0][1].search(spoken):
        return Role.TOOL
    for role, categories in _CATEGORIES:
        if not categories.isdisjoint(lowered):
            return role
    for text in (spoken, " / ".join(_plain(tag) for tag in tags)):
        for role, words in _WORDS:
            if words.search(text):
                return role
    return _role_of_captions(captions)


def _plain(text: str) -> str:
    return _SEPARATORS.sub(" ", text.lower()).strip()


def _role_of_captions(captions: Sequence[tuple[str, float]]) -> Role:
    """A set where hair or eyes stay the same shows one character; where they vary, a style."""
    shares = {caption.lower(): share for caption, share in captions}
    if not any(shares.get(person, 0.0) >= 0.4 for person in _PEOPLE):
        return Role.UNKNOWN
    features = [share for caption, share in shares.items() if _FEATURE.search(caption)]
    if max(features, default=0.0) >= 0.7:
        return Role.CHARACTER
    return Role.STYLE if len(features) >= 4 and max(features) < 0.5 else Role.UNKNOWN
