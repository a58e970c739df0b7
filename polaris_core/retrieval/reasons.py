"""Why a candidate is here, in one plain sentence."""

from __future__ import annotations

from collections.abc import Sequence

from polaris_core.catalogue.entry import Entry
from polaris_core.retrieval.documents import short_names
from polaris_core.retrieval.shortlist import SourceScore
from polaris_core.retrieval.words import phrases, stems

__all__ = ["heads", "matched_words", "reason", "says_its_name"]

_SHOWN = 6


def matched_words(query: str, entry: Entry) -> tuple[str, ...]:
    """Words of the query that stand, in any form, in the entry's name, trigger words or tags."""
    own = set(stems(f"{entry.name}, {', '.join(entry.tags)}, {', '.join(entry.trigger_words)}"))
    matched = (word for word in query.split() if own.intersection(stems(word)))
    return tuple(dict.fromkeys(word.strip(".,;:!?()[]\"'“”‘’").lower() for word in matched))


def says_its_name(query: str, entry: Entry) -> bool:
    """Whether all words of one of the entry's names stand in the query."""
    said = set(stems(query))
    return any(words and said.issuperset(words) for words in map(stems, short_names(entry.name)))


def heads(query: str) -> set[str]:
    """The stems of what the query is about: the last word of each of its phrases."""
    return {words[-1] for phrase in phrases(query) if (words := stems(phrase))}


def reason(
    query: str, entry: Entry, sources: Sequence[SourceScore], words: Sequence[str], neighbour: str
) -> str:
    """The sentence.

    Args:
        query: What was sought; empty if a picture asked.
        entry: The candidate.
        sources: What was said of it.
        words: The matched words.
        neighbour: What binds it to the checkpoint; empty if nothing does.
    """
    score = {source.source: source.score for source in sources}
    parts: list[str] = []
    named = [word for word in words if set(stems(word)) & set(stems(entry.name))]
    if named:
        parts.append(f"named {_quoted(named)}")
    if trigger := _trigger(query, entry):
        parts.append(f"trained for it (trigger word {trigger})")
    if tagged := [word for word in words if word not in named and word != trigger]:
        parts.append(f"tagged {_quoted(tagged)}")
    if "dense" in score:
        what = f"description close to “{query}”" if query else "previews look like the picture"
        parts.append(f"{what} ({score['dense']:.2f})")
    elif "phrases" in score:
        parts.append(f"description close to a part of “{query}”")
    elif not parts:
        parts.append("its description speaks of it")
    return "; ".join(filter(None, (*parts, neighbour)))


def _trigger(query: str, entry: Entry) -> str:
    """The shortest trigger word that stands whole in the query."""
    said = set(stems(query))
    hits = (t for t in entry.trigger_words if (w := stems(t)) and said.issuperset(w))
    return min(hits, key=len, default="")


def _quoted(words: Sequence[str]) -> str:
    return "“" + " ".join(words[:_SHOWN]) + "”"
