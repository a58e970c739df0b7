"""What of an entry is read by the two searches: texts for the encoder, words for BM25.

An entry speaks through several fields of very different length: a name, tags, trigger words, prose,
prompts of pictures. One vector of all of them joined is dominated by the prose. So each field is
embedded by itself, and the entry's vector is the weighted mean of their unit vectors, brought to
unit length: its inner product with a query ranks as the mean cosine over the fields would, at the
cost of one vector. (On Stylus's picks over 3,983 LoRAs this found 5 points more among the first ten
than one joined text; see benchmarks/retrieval_quality.py.)

Where a refiner has put an entry into clear words, these are further fields, and what was written
counts less. Of characters and persons they are the only ones. See benchmarks/refining.py.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from polaris_core.catalogue.entry import Entry, Refined, Role
from polaris_core.refining.phrases import title_of
from polaris_core.refining.sentences import is_latin
from polaris_core.retrieval.words import divide, stems

__all__ = [
    "COPY_OF",
    "METHOD",
    "WORD_FIELDS",
    "TextField",
    "WordField",
    "clean_name",
    "copy_term",
    "exact_terms",
    "partner_term",
    "short_names",
    "text_fields",
    "word_fields",
]

METHOD = "fields-1"
"""Changes whenever entries would get other vectors or words than before."""


@dataclass(frozen=True, slots=True)
class TextField:
    """Texts that share one weight in an entry's vector."""

    weight: float
    texts: tuple[str, ...]
    """The field's vector is the mean of theirs; never empty."""


@dataclass(frozen=True, slots=True)
class WordField:
    """How BM25 counts the words of one field."""

    weight: float
    typical: float
    """Words that such a field usually has: longer ones are discounted against it. Fixed rather than
    measured, so that an entry's words do not depend on who else is in the zoo."""


WORD_FIELDS = {
    "name": WordField(5.0, 5.0),
    "tags": WordField(3.0, 5.0),
    "triggers": WordField(2.0, 12.0),
    "file": WordField(1.0, 5.0),
    "description": WordField(0.3, 70.0),
    "examples": WordField(0.3, 150.0),
}

_SIGNS = re.compile(r"[_|/\\\-\[\](){}<>【】「」:：,，~*#]+")
_PACKAGING = re.compile(
    r"(?i)\b(?:lora|locon|loha|lokr|dora|lycoris|checkpoint|safetensors|v ?\d+(?:\.\d+)*|"
    r"sd ?1\.[45]|sd ?2\.[01]|sdxl)\b"
)
_NOT_LATIN = re.compile(r"[^\x00-\u024f]+")
_CALL = re.compile(r"<[^<>]{0,200}>")
_EMPHASIS = re.compile(r"[()\[\]{}\\]|:\d+(?:\.\d+)?")
_PRAISE = re.compile(
    r"(?i)\b(?:masterpiece|(?:best|high|top|amazing) quality|highres|absurdres|\d+k|uhd|hdr|dslr|"
    r"raw photo|(?:ultra|extremely|highly|super)[- ]?detailed|official art|wallpaper|"
    r"high resolution|solo|looking at viewer)\b"
)
_WEIGHTS_SUFFIX = re.compile(r"(?i)\.(?:safetensors|ckpt|pt|bin|pth)$")
_PARTNER = "with"
"""Begins terms for checkpoints; as a stop word it cannot begin any other term."""

COPY_OF = "="
"""Begins the terms of `copy_term`; no word begins with it."""
_FEWEST_COPIED = 12

_TAGS = 8
_TRIGGERS = 6
_EXAMPLES = 3
_PURPOSE = 240
_BESIDE_REFINED = (1.0, 1.0, 1.0, 1.0, 0.5, 1.0, 1.0)
"""Weights of what was written beside what a refiner made of it."""
_FIGURES = {Role.CHARACTER: "anime character", Role.PERSON: "person"}
"""What an encoder is told of them besides the name. Roles whose entries are sought by name: what a
figure wears and looks like, which fills its description and prompts, would only bring it up where
clothes and hair are spoken of."""
_NAME_PARTS = re.compile(r"[(|/\[【{「:：]|\s[-–—~]\s")


def clean_name(name: str) -> str:
    """A title as a reader would say it: no brackets, versions, "LoRA", other scripts.

    Where nothing would be left, the title itself.
    """
    text = divide(_NOT_LATIN.sub(" ", _SIGNS.sub(" ", name)))
    text = _PACKAGING.sub(" ", text)
    return " ".join(text.split()) or name


def short_names(name: str) -> tuple[str, ...]:
    """What people may call it: the clean title, and what stands before its first bracket or bar."""
    first = _NAME_PARTS.split(name, maxsplit=1)[0]
    names = (clean_name(name), clean_name(first) if first.strip() else "")
    return tuple(dict.fromkeys(filter(None, names)))


def text_fields(entry: Entry) -> tuple[TextField, ...]:
    """The texts whose embeddings make up the entry's text half; never none."""
    refined = entry.refined
    if refined is None or not refined.what:
        return _kept(_written(entry))
    title = title_of(entry.name)
    if refined.role in _FIGURES:
        return _kept([(1.0, [f"{title}, {_FIGURES[refined.role]}"])])
    shows = refined.shows[:_TAGS]
    purpose = refined.purpose[:_PURPOSE] if is_latin(refined.purpose) else ""
    summary = f"{title}. {', '.join(shows)}. {purpose}"
    said = zip(_BESIDE_REFINED, (texts for _, texts in _written(entry)), strict=True)
    added = ((1.0, [refined.what]), (2.0, shows), (0.5, [purpose]), (1.0, [summary]))
    return _kept([*said, *added])


def _written(entry: Entry) -> list[tuple[float, Sequence[str]]]:
    """The texts of what was written about it, with their weights."""
    name = clean_name(entry.name)[:200]
    tags = [tag[:60] for tag in _spoken(entry.tags)][:_TAGS]
    triggers = [trigger[:200] for trigger in entry.trigger_words[:_TRIGGERS]]
    examples = [e for prompt in entry.example_prompts[:_EXAMPLES] if (e := _example(prompt))]
    if not examples and entry.training_tags:
        examples = [", ".join(entry.training_tags[:20])[:200]]
    summary = f"{name}. {', '.join(tags)}. {', '.join(triggers)[:100]}. {entry.description[:400]}"
    return [
        (1.0, [name]),
        (1.0, [f"{name}, {', '.join(tags)}"]),
        (1.0, triggers),
        (1.0, tags),
        (1.0, [entry.description[:600].strip()]),
        (1.0, examples),
        (2.0, [summary.strip()]),
    ]


def _kept(fields: Iterable[tuple[float, Sequence[str]]]) -> tuple[TextField, ...]:
    kept = ((weight, tuple(filter(None, texts))) for weight, texts in fields)
    return tuple(TextField(weight, texts) for weight, texts in kept if texts)


def word_fields(entry: Entry) -> dict[str, list[str]]:
    """The stemmed words of each field of `WORD_FIELDS`."""
    examples = [_example(prompt) for prompt in entry.example_prompts[:4]]
    examples.append(", ".join(entry.training_tags[:20]))
    texts = {
        "name": entry.name,
        "tags": ", ".join(entry.tags[:32]),
        "triggers": ", ".join(entry.trigger_words)[:1500],
        "file": entry.file.rpartition("/")[2].rpartition(".")[0],
        "description": entry.description[:1500],
        "examples": ", ".join(examples),
    }
    if entry.refined is not None and entry.refined.what:
        texts |= _refined_words(entry.refined)
    return {field: stems(text) for field, text in texts.items()}


def _refined_words(refined: Refined) -> dict[str, str]:
    """What is counted in the place of what was written."""
    if refined.role not in _FIGURES:
        return {"description": refined.purpose}
    return {
        "tags": ", ".join((refined.what, *refined.shows)),
        "triggers": ", ".join(refined.trigger_words),
        "description": "",
        "examples": "",
    }


def exact_terms(entry: Entry) -> set[str]:
    """Whole names and trigger words as stems joined by blanks: who says one means this entry.

    Also one `partner_term` for each checkpoint it is known to go with, and its `copy_term`.
    """
    refined = entry.refined
    figure = refined is not None and refined.role in _FIGURES
    said: list[str] = [*short_names(entry.name)]
    if refined is not None:
        said += [refined.what, *refined.trigger_words] if figure else refined.shows
    for trigger in () if figure else entry.trigger_words[:64]:
        said.append(trigger[:200])
        said += trigger[:400].split(",")
    terms = {" ".join(words) for text in said if (words := stems(text))}
    partners = [entry.extra.get("training_base", ""), *entry.extra.get("used_with", "").split("\n")]
    terms |= {term for name in partners[:32] if (term := partner_term(name))}
    return terms | {copy for copy in (copy_term(entry),) if copy}


def partner_term(checkpoint: str) -> str:
    """The term of entries that were trained on or shown with a checkpoint of this name or file."""
    path = checkpoint[:300].replace("\\", "/").rpartition("/")[2]
    words = stems(clean_name(_WEIGHTS_SUFFIX.sub("", path)))
    return f"{_PARTNER} {' '.join(words)}" if words else ""


def copy_term(entry: Entry) -> str:
    """A term that entries share which say the same under other names; empty for those of few words.

    They have the same words in description, triggers and example prompts: one model that was
    uploaded again. A description that its author writes under every model is not enough.
    """
    told = (entry.description[:1500], ", ".join(entry.trigger_words)[:1500])
    words = [stems(text) for text in (*told, *entry.example_prompts[:3])]
    if sum(map(len, words)) < _FEWEST_COPIED or not any(words[1:]):
        return ""
    digest = hashlib.blake2b(repr(words).encode(), digest_size=6).digest()
    return COPY_OF + base64.b64encode(digest).decode()


def _spoken(tags: Iterable[str]) -> list[str]:
    return [tag for tag in tags if not _PACKAGING.fullmatch(tag.strip())]


def _example(prompt: str) -> str:
    """A prompt without LoRA calls, emphasis and praise, which all prompts share."""
    text = _PRAISE.sub("", _EMPHASIS.sub("", _CALL.sub("", prompt[:1200])))
    parts = (" ".join(part.split()) for part in text.split(","))
    return ", ".join(filter(None, parts))[:200]
