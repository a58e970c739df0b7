"""How well the grammar reads sentences that a person labelled.

    python benchmarks/parse_quality.py [--json] [--labelled FILE] [--gedit FILE] [--misses]

A row of the labelled file holds `instruction`, `type` (0 to 4, "remove", "other"), `style`,
`subject`, `anchor`, `style_words`, `object_words`, `contour`, `source` and `sure`. Scored are the
rows marked sure; those of each source are shown apart.

    type        share of rows with the right type
    style       the style flag, over types 0 to 3
    subject     the head noun (the last word, or the one before "of"), over all types but "other"
    words_f1    F1 of the words of style_words and of object_words, each field for itself, over
                the fields in which either side has words; articles do not count
    anchor_f1   F1 of the words of the anchor, over type 1; 1 where both are empty
    contour     whether the new shape fits the old outline, where the label says it
    gedit_type  the other file's kinds of edit, by the table `KINDS` below

A picture is taken to be there, except for a row of type 4 that speaks of none.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from polaris_core.errors import InvalidIntent  # noqa: E402
from polaris_core.instructions.grammar import parse_instruction  # noqa: E402
from polaris_core.instructions.intent import EditIntent, InstructionType  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "instructions"
CODES = dict(zip(InstructionType, ("0", "1", "2", "3", "4", "remove", "other"), strict=True))
# A kind of the benchmark that spans several of our types accepts each of them; first the usual one.
KINDS = {
    "background_change": ("2", "0"),  # a named scene part that becomes another thing is a 0
    "color_alter": ("2", "3"),  # the colours of the whole picture
    "material_alter": ("2", "0"),  # "replace A with a glass B"
    "motion_change": ("other",),
    "ps_human": ("2", "3", "remove", "other"),  # retouching, whole photo, beards, expressions
    "style_change": ("3", "2"),  # a style for named things
    "subject-add": ("1",),
    "subject-remove": ("remove",),
    "subject-replace": ("0", "2"),  # garments and hair keep their kind
    "text_change": ("other", "remove"),  # text that is only taken away
    "tone_transfer": ("3", "2", "other"),  # filters; blur of a background; restoration
}
KEYS = ("type", "style", "subject", "words_f1", "anchor_f1", "contour")
_REFERENCE = re.compile(r"\b(this|image|picture|photo\w*|reference|style|artist|artwork)\b", re.I)
_ARTICLES = frozenset({"a", "an", "the"})

Row = dict[str, Any]
Marks = dict[str, list[float]]


class Read(NamedTuple):
    """A row and what was read."""

    row: Row
    intent: EditIntent | None
    seconds: float

    @property
    def code(self) -> str:
        """The type that was read, as it stands in the labels."""
        return CODES[self.intent.instruction_type] if self.intent else "error"


def main() -> int:
    """Measure, print tables and, if asked, the misses and JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labelled", type=Path, default=DATA / "labelled.jsonl")
    parser.add_argument("--gedit", type=Path, default=DATA / "gedit_bench.jsonl")
    parser.add_argument("--misses", action="store_true", help="also print what was read wrong")
    parser.add_argument("--json", action="store_true", help="also print one JSON object")
    options = parser.parse_args()
    for path in (options.labelled, options.gedit):
        if not path.is_file():
            print(f"this benchmark needs {path.name}, which is not at {path}", file=sys.stderr)
            return 3
    everything = [read(row) for row in rows_of(options.labelled)]
    sure = [r for r in everything if r.row.get("sure", True)]
    figures = shares(sure)
    show_table(everything, sure)
    show_confusion(sure)
    kinds = [read(row) for row in rows_of(options.gedit) if row.get("edit_type") in KINDS]
    figures["gedit_type"] = show_kinds(kinds)
    median = statistics.median(r.seconds for r in [*everything, *kinds]) * 1e6
    print(f"\nmedian time of a sentence: {median:.0f} microseconds")
    if options.misses:
        show_misses([*sure, *kinds])
    if options.json:
        print(json.dumps({key: round(value, 4) for key, value in figures.items()}))
    return 0


def rows_of(path: Path) -> list[Row]:
    """The rows of a file of one JSON object a line."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def read(row: Row) -> Read:
    """Parse the sentence of a row and take the time."""
    sentence: str = row["instruction"]
    alone = row.get("type") == 4 and not _REFERENCE.search(sentence)
    start = time.perf_counter()
    try:
        intent = parse_instruction(sentence, has_picture=not alone)
    except InvalidIntent:
        intent = None
    return Read(row, intent, time.perf_counter() - start)


def marks(done: Read) -> Marks:
    """What a row scores, by key; a key is absent where the row says nothing about it."""
    row, intent = done.row, done.intent
    label = str(row["type"])
    found: Marks = {"type": [float(done.code == label)]}
    if label in ("0", "1", "2", "3"):
        found["style"] = [float(bool(intent) and intent.style_transformation == bool(row["style"]))]
    if label != "other":
        found["subject"] = [float(bool(intent) and noun(intent.subject) == noun(row["subject"]))]
    pairs = [(row[field], getattr(intent, field, "")) for field in ("style_words", "object_words")]
    found["words_f1"] = [f1(wanted, got) for wanted, got in pairs if tokens(wanted) or tokens(got)]
    if label == "1":
        found["anchor_f1"] = [f1(row["anchor"], intent.anchor if intent else "")]
    if row["contour"] is not None:
        found["contour"] = [float(bool(intent) and intent.contour_compatible == row["contour"])]
    return found


def shares(done: Iterable[Read]) -> dict[str, float]:
    """The mean of each key over the rows that speak of it."""
    pooled: Marks = {key: [] for key in KEYS}
    for one in done:
        for key, values in marks(one).items():
            pooled[key] += values
    return {key: statistics.fmean(values) for key, values in pooled.items() if values}


def noun(phrase: str) -> str:
    """The head noun of a phrase: the last word, or the one before "of"."""
    words = re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", phrase.lower())
    if "of" in words[1:]:
        words = words[: words.index("of", 1)]
    return words[-1] if words else ""


def tokens(phrase: str) -> Counter[str]:
    """The words of a phrase, hyphens parted, without articles."""
    return Counter(w for w in re.findall(r"[^\W_]+", phrase.lower()) if w not in _ARTICLES)


def f1(wanted: str, got: str) -> float:
    """F1 of the words of two phrases; 1 if both are empty."""
    a, b = tokens(wanted), tokens(got)
    if not a and not b:
        return 1.0
    return 2 * (a & b).total() / (a.total() + b.total())


def show_table(everything: list[Read], sure: list[Read]) -> None:
    """The figures by source, then over all sure rows, then over all rows."""
    print(f"{'rows':24} {'number':>6} " + " ".join(f"{key:>9}" for key in KEYS))
    sources = sorted({r.row.get("source", "") for r in sure})
    groups = [(f"{s}, sure", [r for r in sure if r.row.get("source", "") == s]) for s in sources]
    groups += [("all sure", sure), ("all, sure or not", everything)]
    for name, group in groups:
        found = shares(group)
        cells = (f"{found[key]:9.3f}" if key in found else " " * 8 + "-" for key in KEYS)
        print(f"{name:24} {len(group):6} " + " ".join(cells))


def show_confusion(sure: list[Read]) -> None:
    """How often each type was read as which."""
    counts = Counter((str(r.row["type"]), r.code) for r in sure)
    read_as = [*CODES.values(), *(["error"] if any(r.code == "error" for r in sure) else [])]
    print("\nlabel \\ read " + " ".join(f"{code:>6}" for code in read_as))
    for label in CODES.values():
        print(f"{label:12} " + " ".join(f"{counts[label, code] or '.':>6}" for code in read_as))


def show_kinds(done: list[Read]) -> float:
    """The share of the other file's sentences with an accepted type, in all; by kind printed."""
    print(f"\n{'kind of edit':18} {'number':>6} {'accepted':>8}  accepted types")
    for kind, accepted in KINDS.items():
        group = [r.code in accepted for r in done if r.row["edit_type"] == kind]
        if group:
            mean = statistics.fmean(group)
            print(f"{kind:18} {len(group):6} {mean:8.3f}  {', '.join(accepted)}")
    usual = statistics.fmean(r.code == KINDS[r.row["edit_type"]][0] for r in done)
    print(f"only the first of the accepted types: {usual:.3f}")
    return statistics.fmean(r.code in KINDS[r.row["edit_type"]] for r in done)


def show_misses(done: list[Read]) -> None:
    """The rows that lost marks, with what was read."""
    fields = ("subject", "anchor", "style_words", "object_words")
    for one in done:
        row, intent = one.row, one.intent
        if "type" not in row:
            if one.code not in KINDS[row["edit_type"]]:
                print(f"\n{row['instruction']}\n  {row['edit_type']}: read as {one.code}")
            continue
        lost = [key for key, values in marks(one).items() if values and min(values) < 1]
        if not lost:
            continue
        print(f"\n{row['instruction']}\n  lost: {', '.join(lost)}; type {row['type']}: {one.code}")
        for field in fields:
            got = getattr(intent, field, "")
            if got != row[field]:
                print(f"  {field}: {row[field]!r}: {got!r}")


if __name__ == "__main__":
    sys.exit(main())
