"""Sentences without a verb of editing: wishes, statements, styles, fragments."""

from __future__ import annotations

from polaris_core.instructions.actions import LOOK_OF_DOING, action_start, is_doing
from polaris_core.instructions.additions import read_add, read_remove, stands_by_known
from polaris_core.instructions.becoming import read_becoming
from polaris_core.instructions.body_plans import is_being
from polaris_core.instructions.complements import is_look_in, split_make
from polaris_core.instructions.completeness import is_question, states_a_look
from polaris_core.instructions.having import read_having
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import (
    BACKGROUNDS,
    DEFINITE,
    DETERMINERS,
    RELATIVES,
    WHOLE_ATTRIBUTES,
)
from polaris_core.instructions.phrases import find, is_participle, names_picture, read_thing
from polaris_core.instructions.pictures import part_reference, read_new
from polaris_core.instructions.placing import read_setting
from polaris_core.instructions.qualities import is_comparative, is_quality
from polaris_core.instructions.reading import (
    BACKGROUND,
    POSE,
    Reading,
    not_an_edit,
    restyled_background,
    restyled_picture,
    restyled_thing,
)
from polaris_core.instructions.requests import Request
from polaris_core.instructions.scenes import is_hour
from polaris_core.instructions.styles import is_style_phrase, style_chunk
from polaris_core.instructions.wearing import read_wear
from polaris_core.instructions.words import Word, Words, base_noun, lower_at, strip_marks, word_set

__all__ = ["no_request", "read_clause", "read_phrase"]

_WISHED = frozenset({"should", "must", "shall"})
_STATED = frozenset({"is", "are", "was", "were"})
_TURNING = word_set("become becomes became look looks appear appears seem seems resemble resembles")
_BEING = word_set("be become becomes look looks appear resemble turn made of like turned into now")
_TURNS = word_set("turn turns change changes transform transforms morph morphs")
_GONE = frozenset({"gone", "invisible", "absent", "missing"})
_STYLED = word_set("filter style effect aesthetic vibe look mode theme vibes feel")


def read_phrase(request: Request, *, has_picture: bool) -> Reading:
    """Read a sentence without a verb we know: a statement, a style, or a description."""
    words = request.words
    if is_question(words):
        return no_request("It reads as a question, not as a request. ")
    if not has_picture:
        return _description(words)
    clause = read_clause(words, wished=request.is_wish)
    if clause:
        return clause
    found = read_new("", words, has_picture=True) if part_reference(words)[1] else None
    if found and words[0].lower not in DEFINITE:
        return found
    fragment = _read_fragment(words)
    if fragment:
        return fragment
    if request.is_wish:
        return _read_wish(words)
    target, new = split_make(words)
    if new and lower_at(words, len(words) - len(new) - 1) == "in" and words[0].lower in DEFINITE:
        return read_becoming(target, new)  # "the sofa in green velvet"
    thing = read_thing(words)
    indefinite = words[0].lower in DETERMINERS - DEFINITE
    if indefinite and stands_by_known(thing) and not thing.detail:
        return read_add("add", words)
    return no_request()


def _description(words: Words) -> Reading:
    made = read_new("", words, has_picture=False)
    if made.kind is not InstructionType.NEW_PICTURE:
        return made
    return Reading(made.kind, made.subject, made.new, shown=words)


def read_clause(words: Words, *, wished: bool = False) -> Reading | None:
    """Read "the sky should be purple", "the girl is crying", "he now wears a hat"; None if none."""
    modal = find(words, _WISHED)
    if modal > 0 and modal + 1 < len(words):
        return _read_wished(words[:modal], words[modal + 1 :])
    becoming = find(words, {"becomes"})
    if becoming > 0:
        return _read_state(words[:becoming], words[becoming:])
    turning = find(words, _TURNS)
    if turning > 0 and lower_at(words, turning + 1) in ("into", "to"):
        return read_becoming(words[:turning], words[turning + 2 :])
    return (
        _read_infinitive(words, wished=wished)
        or _read_present(words, wished=wished)
        or _read_doing(words, wished=wished)
    )


def _read_infinitive(words: Words, *, wished: bool) -> Reading | None:
    """Read "(can) the lamp be red", "(I want) it to look like a comic"."""
    bare = find(words, {"be", "become"})
    bare = find(words[:-1], {"look", "resemble"}) if bare < 0 else bare
    meant = lower_at(words, bare) in ("be", "become") or wished
    if bare > 0 and (meant or bare == 1 or words[bare - 1].lower in ("to", "now")):
        end = bare
        while end > 1 and words[end - 1].lower in ("to", "could", "ought", "now", "also"):
            end -= 1
        return _read_state(words[:end], words[bare:])
    return None


def _read_present(words: Words, *, wished: bool) -> Reading | None:
    """Read "the text is now green", "he wears a hat", "the house has a red roof now"."""
    stated = find(words, _STATED)
    if stated > 0:
        return _read_stated(words, stated, wished=wished)
    wear = find(words, {"wears", "wearing", "wear"})
    if wear > 0 and (wished or words[wear].lower == "wears"):
        return read_wear(words[:wear], words[wear + 1 :])
    now = wished or find(words, {"now"}) > 0
    has = find(words, {"has", "have"})
    if has > 0 and has + 1 < len(words) and now:
        return read_having(words[:has], words[has + 1 :])
    looks = find(words, {"looks", "turns"})
    return _read_state(words[:looks], words[looks:]) if looks > 0 and now else None


def _read_doing(words: Words, *, wished: bool) -> Reading | None:
    """Read "(I want) the man to wave", "she dances": OTHER, since it is a pose."""
    acting = find(words, {"to"})
    if acting > 0 and is_doing(lower_at(words, acting + 1)) and wished:
        return not_an_edit(POSE, read_thing(words[:acting]))
    somebody = words[0].lower in ("he", "she", "they", "him", "her", "them")
    doing = action_start(words)
    known = somebody or words[0].lower in DEFINITE | {"me", "it"}
    if doing > 0 and known and (somebody or wished):
        return not_an_edit(POSE, read_thing(words[:doing]))
    if somebody and is_doing(lower_at(words, 1)):
        return not_an_edit(POSE, read_thing(words[:1]))
    return None


def _read_wished(subject: Words, new: Words) -> Reading:
    """Read what follows "should": "be purple", "wear a hat", "smile"."""
    new = tuple(w for w in new if w.lower not in ("also", "now", "instead", "really"))
    first = new[0].lower if new else ""
    if first in ("have", "has"):
        return read_having(subject, new[1:])
    if first in ("wear", "be") and len(new) > 1 and (first == "wear" or new[1].lower == "wearing"):
        return read_wear(subject, new[1:] if first == "wear" else new[2:])
    if first in LOOK_OF_DOING and not is_being(read_thing(subject).head):
        look = LOOK_OF_DOING[first]
        return restyled_thing(read_thing(subject), (Word(look, look), *new[1:]))
    if first and first not in _BEING and is_doing(first):
        return not_an_edit(POSE, read_thing(subject))
    return _read_state(subject, new)


def _read_stated(words: Words, stative: int, *, wished: bool) -> Reading:
    """Read "the sky is purple": a state that can only be meant as a wish, or none."""
    new = words[stative + 1 :]
    now = bool(new) and (new[0].lower == "now" or new[-1].lower == "now" or wished)
    relative = words[stative - 1].lower in RELATIVES
    if not now and (relative or not states_a_look(new)):
        return no_request("It only states how things are. ")
    return _read_state(words[:stative], tuple(w for w in new if w.lower != "now"))


def _read_state(subject: Words, new: Words) -> Reading:
    seems = bool(new) and new[0].lower in _TURNING - {"become", "becomes"}
    while new and new[0].lower in _BEING:
        new = new[1:]
    if new and new[0].lower == "wearing":
        return read_wear(subject, new[1:])
    if new and is_participle(new, 0) and not is_quality(new[0].lower):
        return not_an_edit("a change of pose, action or place", read_thing(subject))
    if lower_at(new, 0) == "with" and len(new) > 1:
        return read_having(subject, new[1:])
    if lower_at(new, 0) in _GONE:
        return Reading(InstructionType.REMOVE, read_thing(subject))
    if lower_at(new, 0) in ("in", "on", "at", "under", "inside", "by", "near"):
        placed = read_setting(subject, new)
        if placed:
            return placed
        if is_hour(new[1:]) or (is_look_in(new) and not style_chunk(new)):
            return read_becoming(subject, new[1:], seems=True)
        if not style_chunk(new):
            return not_an_edit("a change of pose, action or place", read_thing(subject))
    return read_becoming(subject, style_chunk(new) or new, seems=seems)


def _read_wish(words: Words) -> Reading:
    """Read what follows "I want": a new thing, or a known one in another look."""
    if words[0].lower in DEFINITE | {"it", "him", "them", "everything"}:
        target, new = split_make(words)
        if new:
            return read_becoming(target, new)
        thing = read_thing(words)
        if thing.style:
            return read_becoming((*thing.core,), thing.style)
        return no_request()
    thing = read_thing(words)
    of = find(words, {"of"})
    if of > 0 and words[of - 1].lower in _VERSIONS:
        having = find(words, {"with", "without"}, of)
        end = having if having > 0 else len(words)
        if names_picture(words[of + 1 : end]) and having < 0:
            return restyled_picture(thing.style or thing.core[:-1])
        if names_picture(words[of + 1 : end]):
            kept = words[having].lower == "with"
            changed = words[having + 1 :]
            return read_having((), changed) if kept else read_remove("remove", changed)
    plural = base_noun(words[0].lower) != words[0].lower or bool(thing.place)
    if words[0].lower in DETERMINERS or plural or is_quality(words[0].lower):
        return read_add("add", words)
    return no_request()


_VERSIONS = frozenset({"version", "rendition", "rendering", "variant"})


def _read_fragment(words: Words) -> Reading | None:
    """Read "more contrast", "black and white", "sunset vibe for the whole picture"."""
    words = strip_marks(words)
    words = words[:-1] if len(words) > 1 and words[-1].lower in ("please", "thanks") else words
    at = find(words, {"for", "on", "to"})
    target = words[at + 1 :] if at > 0 else ()
    body = strip_marks(words[:at]) if target and names_picture(target) else words
    lowers = [w.lower for w in body if w.lower not in ("a", "bit", "little", "much", "slightly")]
    if not lowers:
        return None
    if at > 0 and target and lowers[-1] in _STYLED and not names_picture(target):
        return read_becoming(target, words[:at])
    look = style_chunk(body) or (body if is_style_phrase(body) else ())
    if not look and lower_at(body, 0) == "as" and lower_at(body, 1) in ("a", "an"):
        look = body[1:]
    if look or lowers[-1] in _STYLED:
        return restyled_picture(look or body)
    if lowers[0] in ("more", "less", "higher", "lower", "warmer", "cooler") and len(lowers) > 1:
        tone = lowers[-1] in WHOLE_ATTRIBUTES or is_quality(lowers[-1])
        return restyled_picture(body) if tone else None
    if all(is_quality(w) or is_comparative(w) or w == "and" for w in lowers) and len(lowers) < 6:
        return restyled_picture(body)
    if lowers[-1] in BACKGROUNDS and len(lowers) > 1:
        return restyled_background(BACKGROUND, read_thing(body).core[:-1])
    if len(lowers) < 4 and lower_at(body, 0) not in DEFINITE and is_hour(body):
        return restyled_picture(body)
    return None


def no_request(why: str = "") -> Reading:
    """OTHER for what holds no request."""
    reason = (
        f"No request was recognised. {why}Write one English sentence that says what to "
        "change, like “Replace the cat with a fox”, “Add a hat to the man” or "
        "“Make the photo a watercolor”"
    )
    return Reading(InstructionType.OTHER, reason=reason)
