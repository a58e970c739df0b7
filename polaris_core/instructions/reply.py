"""From a model's reply to an intent.

    reply ─▶ object ─▶ fields ─▶ reading ─▶ intent by rule ─▶ with what the model knew better

The model says what the sentence means. What follows from that by rule (which fields a kind of
request has, a prompt made of style and object, topics) is worked out by the same code as for the
grammar, so that an intent obeys the same rules whoever read the sentence.
"""

from __future__ import annotations

from dataclasses import replace

from polaris_core.errors import UnreadableReply
from polaris_core.instructions.completeness import completed
from polaris_core.instructions.compose import compose
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.instructions.lexicon import (
    ADD,
    APPLY,
    BACKGROUNDS,
    CHANGE,
    DETERMINERS,
    OPENERS,
    REMOVE,
    SWAP,
)
from polaris_core.instructions.phrases import NOTHING, Thing, names_picture, read_thing
from polaris_core.instructions.prompt import READ_CHARACTERS
from polaris_core.instructions.reading import Reading
from polaris_core.instructions.reply_fields import FIELD_NAMES, ReplyFields, leaves
from polaris_core.instructions.reply_types import type_of
from polaris_core.instructions.styles import is_style_phrase, without_closing_word
from polaris_core.instructions.words import Words, read_words, strip_marks, text_of
from polaris_core.llm.structured import read_object

__all__ = ["intent_from_reply"]

_T = InstructionType
_HAS_NEW_THING = frozenset({_T.CATEGORY_CHANGE, _T.ADD, _T.NEW_PICTURE})
_RESTYLES = frozenset({_T.LOCAL_STYLE, _T.GLOBAL_STYLE})
_NEEDED = {
    _T.CATEGORY_CHANGE: ("subject", "object_words"),
    _T.ADD: ("object_words",),
    _T.LOCAL_STYLE: ("subject", "style_words"),
    _T.GLOBAL_STYLE: ("style_words",),
    _T.NEW_PICTURE: ("object_words",),
    _T.REMOVE: ("subject",),
}
_EDITING = SWAP | CHANGE | ADD | REMOVE | APPLY
_NO_REASON = (
    "The language model found no edit in the sentence that Polaris can carry out. It can replace, "
    "add, remove or restyle things, restyle the whole picture, or make a new one"
)
_PROMPT_CHARACTERS = 1000
_EXPLANATION_CHARACTERS = 500


def intent_from_reply(
    reply: str, instruction: str, *, has_picture: bool, parser: str
) -> EditIntent:
    """Read what a model understood.

    Field names and values may be spelled in many ways. What is missing and follows from the rest
    is put in, what contradicts the kind of request is mended. A reply that leaves a field empty
    without which nothing can be edited becomes OTHER with an explanation.

    Args:
        reply: All that the model wrote.
        instruction: The user's sentence. What the model was not shown of it is kept in `remaining`.
        has_picture: Whether there was a picture to edit or to take the style from.
        parser: The name to record as the parser.

    Returns:
        A valid intent: it comes back as it was from its JSON.

    Raises:
        UnreadableReply: There is no object in the reply, it tells no kind of request, or it lacks a
            field without which nothing can be edited; the field is named.
        MissingDependency: json_repair is not installed, and the reply is not strict JSON.
    """
    fields = ReplyFields(read_object(reply, FIELD_NAMES))
    kind = _kind(fields, reply, has_picture=has_picture)
    reading = _reading(fields, kind)
    whole = completed(reading)
    if whole.kind is not reading.kind:
        _check_complete(fields, reading.kind, reply)
    sentence = instruction.encode("utf-8", "replace").decode("utf-8")
    intent = compose(whole, instruction=sentence, remaining=_remaining(fields, sentence))
    return replace(_known_better(intent, fields, whole), parser=parser)


def _kind(fields: ReplyFields, reply: str, *, has_picture: bool) -> InstructionType:
    subject = read_words(fields.text("subject"))
    of_whole = names_picture(subject)
    for value in fields.values("instruction_type"):
        kind = type_of(value, of_whole=of_whole, has_picture=has_picture)
        if kind:
            return kind
    accepted = ", ".join(each.value for each in InstructionType)
    given = ", ".join(leaves(list(fields.values("instruction_type"))))
    problem = "the model's reply lacks the field 'instruction_type'"
    if given:
        problem = f"the model's reply has an unknown 'instruction_type', {given[:80]!r}"
    raise UnreadableReply(problem, reply=reply, hint=f"It must be one of {accepted}")


def _check_complete(fields: ReplyFields, kind: InstructionType, reply: str) -> None:
    """Refuse a reply that leaves out what its kind needs, rather than leaving it empty."""
    lacking = next((field for field in _NEEDED[kind] if not fields.has(field)), "")
    if lacking:
        raise UnreadableReply(
            f"the model's reply lacks the field {lacking!r}, which {kind.value} needs",
            reply=reply,
            hint="Ask again, or use another model",
        )


def _reading(fields: ReplyFields, kind: InstructionType) -> Reading:
    """The reply as if the grammar had read it."""
    subject = _subject(fields)
    if kind is _T.OTHER:
        reason = fields.text("explanation", _EXPLANATION_CHARACTERS)
        return Reading(kind, subject, reason=reason or _NO_REASON)
    if kind is _T.REMOVE:
        return Reading(kind, subject)
    if kind in _RESTYLES:
        return _restyled(fields, kind, subject)
    made = fields.text("object_words")
    if kind is not _T.CATEGORY_CHANGE:
        made = made or subject.text
    new = _styled(_thing(made or fields.text("generation_prompt")), fields)
    if kind is not _T.CATEGORY_CHANGE:
        return Reading(kind, new, new, anchor=_anchor(fields) if kind is _T.ADD else ())
    if new.core and not _becomes(new, subject):
        return _restyled(fields, _T.LOCAL_STYLE, subject)
    return Reading(kind, subject, new)


def _restyled(fields: ReplyFields, kind: InstructionType, subject: Thing) -> Reading:
    made = fields.text("object_words")
    style = (
        fields.text("style_words")
        or _topic_style(fields)
        or _without(made, subject)
        or _without(fields.text("generation_prompt"), subject)
    )
    look = without_closing_word(read_words(style))
    whole = subject.core and names_picture(subject.core) and not subject.place
    if kind is _T.GLOBAL_STYLE or whole:
        return Reading(_T.GLOBAL_STYLE, look=look)
    new = _thing(made)
    return Reading(kind, subject, new if _becomes(new, subject) else NOTHING, look=look)


def _subject(fields: ReplyFields) -> Thing:
    thing = _thing(fields.text("subject").replace(" + ", " "))
    place = strip_marks(read_words(fields.text("place")))
    return replace(thing, place=place) if place else thing


def _thing(text: str) -> Thing:
    words = strip_marks(read_words(text))
    if not words:
        return NOTHING
    thing = read_thing(words)
    return thing if thing.core else Thing(core=words)


def _styled(thing: Thing, fields: ReplyFields) -> Thing:
    """A new thing with the style asked for; a colour or a material is none, and stays with it."""
    style = without_closing_word(read_words(fields.text("style_words")))
    if not style and not thing.style and fields.flag("style_transformation"):
        style = without_closing_word(read_words(_topic_style(fields)))
    if not style or style[0].is_mark:
        return thing
    if fields.flag("style_transformation") or is_style_phrase(style):
        core = thing.core
        if len(core) > len(style) and _lowers(core[: len(style)]) == _lowers(style):
            core = core[len(style) :]
        return replace(thing, core=core, style=style, styled_before=len(style) < 3)
    known = set(_lowers(thing.core))
    front = tuple(word for word in style if word.lower not in known)
    return replace(thing, core=(*front, *thing.core)) if thing.core else thing


def _lowers(words: Words) -> list[str]:
    return [word.lower for word in words]


def _topic_style(fields: ReplyFields) -> str:
    return fields.within("topics").text("style")


def _becomes(thing: Thing, subject: Thing) -> bool:
    """Whether a thing becomes another, which a background never does."""
    return thing.head not in ("", subject.head) and subject.head not in BACKGROUNDS


def _without(text: str, subject: Thing) -> str:
    """What a text says besides the thing itself: "red" of "a red car"."""
    known = {*_lowers(subject.core), *DETERMINERS}
    return text_of(tuple(word for word in read_words(text) if word.lower not in known))


def _anchor(fields: ReplyFields) -> Words:
    """Where a new thing goes; models write it as the place, too."""
    words = strip_marks(read_words(fields.text("anchor") or fields.text("place")))
    only_picture = words and words[0].lower in OPENERS and names_picture(words[1:])
    return () if only_picture else words


def _remaining(fields: ReplyFields, sentence: str) -> tuple[str, ...]:
    further = fields.items("remaining", 300, split=False)
    unseen = sentence[READ_CHARACTERS:].strip()
    kept = [text for text in further if text != sentence.strip()]
    return (*kept, unseen) if unseen else tuple(kept)


def _known_better(intent: EditIntent, fields: ReplyFields, reading: Reading) -> EditIntent:
    """The intent with what the model says beyond the rules: it may have seen the picture."""
    kind = intent.instruction_type
    if kind is _T.OTHER:
        return intent
    fits = fields.flag("contour_compatible")
    asked = kind is _T.CATEGORY_CHANGE or kind in _RESTYLES
    if fits is None or not asked or intent.subject == "background":
        fits = intent.contour_compatible
    return replace(
        intent,
        generation_prompt=_prompt(fields, reading) or intent.generation_prompt,
        contour_compatible=fits,
        foreground=fields.items("foreground") or intent.foreground,
        topics=_topics(intent, fields),
    )


def _prompt(fields: ReplyFields, reading: Reading) -> str:
    """The model's prompt; empty if it tells of the editing instead of the look."""
    prompt = fields.text("generation_prompt", _PROMPT_CHARACTERS)
    words = _lowers(read_words(prompt))
    tells = len(words) > 1 and words[0] in _EDITING and words[1] in DETERMINERS
    shows_removed = reading.kind is _T.REMOVE and reading.subject.head in words
    return "" if tells or shows_removed else prompt


def _topics(intent: EditIntent, fields: ReplyFields) -> Topics:
    """The model's topics where the kind of request has such."""
    given = fields.within("topics")
    style, objects = given.text("style"), given.items("objects")
    if not given.has("style") and not given.has("objects"):
        phrases = fields.items("topics")
        style = next((p for p in phrases if is_style_phrase(read_words(p))), "")
        objects = tuple(p for p in phrases if p != style)
    if not intent.style_transformation:
        style = ""
    if intent.instruction_type not in _HAS_NEW_THING:
        objects = intent.topics.objects
    return Topics(style or intent.topics.style, objects or intent.topics.objects)
