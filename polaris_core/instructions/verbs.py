"""Forms of the verbs of editing: "removing", "replaced", and a slip of the finger as "chnage"."""

from __future__ import annotations

from polaris_core.instructions.lexicon import VERBS

__all__ = ["GERUNDS", "PARTICIPLES", "THIRD_PERSONS", "meant_verb"]

_IRREGULAR = {
    "put": "put",
    "set": "set",
    "cut": "cut",
    "let": "let",
    "make": "made",
    "remake": "remade",
    "give": "given",
    "take": "taken",
    "draw": "drawn",
    "redraw": "redrawn",
    "hang": "hung",
    "stick": "stuck",
    "build": "built",
    "rebuild": "rebuilt",
    "write": "written",
    "rewrite": "rewritten",
    "hide": "hidden",
    "throw": "thrown",
    "weave": "woven",
    "show": "shown",
    "bring": "brought",
    "lose": "lost",
    "get": "gotten",
    "redo": "redone",
    "light": "lit",
    "sew": "sewn",
    "spin": "spun",
    "cast": "cast",
    "have": "had",
    "shave": "shaved",
    "recast": "recast",
    "tell": "told",
    "bend": "bent",
    "spell": "spelt",
}
_VOWELS = frozenset("aeiou")


def _doubles(verb: str) -> bool:
    """Whether the last letter doubles: "swap", "crop", "trim"."""
    short = len(verb) < 5 or verb in ("strip", "scrub", "scrap")
    return short and verb[-1] not in "wxyaeiouh" and verb[-2:-1] in _VOWELS and _single(verb)


def _single(verb: str) -> bool:
    return verb[-3:-2] not in _VOWELS


def _gerund(verb: str) -> str:
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _doubles(verb) else "") + "ing"


def _participle(verb: str) -> str:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb[:-1] + "ied"
    return verb + (verb[-1] if _doubles(verb) else "") + "ed"


GERUNDS = {_gerund(verb): verb for verb in sorted(VERBS)}
"""The verb of each form in "-ing"."""
PARTICIPLES = {_participle(verb): verb for verb in sorted(VERBS)} | {"got": "get"}
"""The verb of each past participle."""
THIRD_PERSONS = {verb + "s": verb for verb in VERBS if not verb.endswith(("s", "sh", "ch", "x"))}
"""The verb of each form in "-s"."""

_OFTEN = [
    "change",
    "replace",
    "remove",
    "delete",
    "convert",
    "transform",
    "insert",
    "generate",
    "create",
    "switch",
    "substitute",
    "erase",
    "colour",
    "paint",
    "restyle",
    "exchange",
    "eliminate",
    "turn",
    "make",
    "modify",
    "adjust",
]


def _slips(verb: str) -> set[str]:
    """What comes of one letter left out, doubled, or exchanged with the next."""
    spots = range(1, len(verb))
    left_out = {verb[:i] + verb[i + 1 :] for i in spots} if len(verb) > 5 else set[str]()
    doubled = {verb[:i] + verb[i - 1] + verb[i:] for i in spots}
    exchanged = {verb[: i - 1] + verb[i] + verb[i - 1] + verb[i + 1 :] for i in spots}
    return left_out | doubled | exchanged


_WORDS = frozenset({"crate", "inset", "chang", "tun", "mae", "panit", "ease", "color", "mak"})
_EXTRA = {"ad": "add", "addd": "add", "remvoe": "remove", "paitn": "paint"}
_SLIPS = _EXTRA | {
    slip: verb for verb in _OFTEN for slip in _slips(verb) if slip not in VERBS | _WORDS
}


def meant_verb(word: str) -> str:
    """The verb that a word in lower case is, or is a slip of; empty if it is none."""
    return word if word in VERBS else _SLIPS.get(word, "")
