"""What `polaris edit` is asked to do: one edit, one for each picture of a folder, or a list.

A list is a file of JSON lines, one object each: `instruction` or `plan` (a file), and if wanted
`picture`, `mask`, `seed` and `out`. Files are sought beside the list.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, cast

from polaris_core.errors import InvalidInput

__all__ = ["Job", "read_jobs"]

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
_FIELDS = {
    "instruction": str, "picture": str, "mask": str, "plan": str, "out": str, "seed": int,
}  # fmt: skip
_MOST_LINES = 100_000


@dataclass(frozen=True, slots=True)
class Job:
    """One edit."""

    out: Path
    """The PNG that is written."""
    instruction: str = ""
    """Empty where there is a plan."""
    picture: Path | None = None
    mask: Path | None = None
    plan: Path | None = None
    seed: int = 0


def read_jobs(options: argparse.Namespace) -> list[Job]:
    """The edits that a command line asks for.

    Args:
        options: `words` (picture and instruction), `plan`, `mask`, `out` and `seed`.

    Raises:
        InvalidInput: They do not say what to do, or a file is not there, or a picture would be
            written over one that is read.
    """
    jobs = _jobs(options)
    taken: set[Path] = set()
    for job in jobs:
        for file in filter(None, (job.picture, job.mask, job.plan)):
            if not file.is_file():
                raise InvalidInput("no such file", value=str(file))
        if job.out.suffix.lower() != ".png":
            hint = "Its name must end in .png: other formats change pixels"
            raise InvalidInput("pictures are written as PNG", value=str(job.out), hint=hint)
        if job.out.resolve() in taken:
            raise InvalidInput("two pictures would get the same name", value=str(job.out))
        taken.add(job.out.resolve())
    for job in jobs:
        if any(file and file.resolve() in taken for file in (job.picture, job.mask)):
            hint = "Name another with --out"
            raise InvalidInput("a picture would be overwritten", value=str(job.picture), hint=hint)
    return jobs


def _jobs(options: argparse.Namespace) -> list[Job]:
    words: list[str] = list(options.words)
    plan: Path | None = options.plan
    if len(words) == 1 and words[0].lower().endswith(".jsonl"):
        if plan or options.mask:
            raise InvalidInput("in a list of edits each line names its own plan and mask")
        return _listed(Path(words[0]), options.out or Path("edited"), options.seed)
    most = 1 if plan else 2
    if len(words) > most or (not words and not plan):
        raise InvalidInput(
            "a picture and an instruction are needed, or an instruction alone",
            value=" ".join(words),
            hint='polaris edit cat.png "Replace the cat with a watercolor fox"; with --plan only '
            "the picture",
        )
    picture = Path(words[0]) if words and (plan or len(words) == 2) else None
    instruction = "" if plan else words[-1]
    if picture is not None and picture.is_dir():
        return _folder(picture, instruction, options)
    if picture is not None and not picture.is_file():
        raise InvalidInput("no such picture", value=str(picture))
    out: Path = options.out or _free(f"{picture.stem}-edited" if picture else "picture")
    if out.is_dir():
        out = out / f"{picture.stem if picture else 'picture'}.png"
    return [Job(out, instruction, picture, options.mask, plan, options.seed)]


def _folder(folder: Path, instruction: str, options: argparse.Namespace) -> list[Job]:
    """One edit for each picture, each with the mask of the same name if masks are given."""
    out: Path = options.out or Path("edited")
    pictures = sorted(p for p in folder.iterdir() if p.suffix.lower() in _PICTURES and p.is_file())
    if not pictures:
        raise InvalidInput("there is no picture in this folder", value=str(folder))
    masks: Path | None = options.mask
    if masks is not None and not masks.is_dir():
        hint = "For a folder of pictures name a folder of masks, with the same file names"
        raise InvalidInput("no such folder of masks", value=str(masks), hint=hint)
    return [
        Job(
            out / f"{picture.stem}.png",
            instruction,
            picture,
            _mask_of(picture, masks) if masks else None,
            options.plan,
            options.seed,
        )
        for picture in pictures
    ]


def _mask_of(picture: Path, masks: Path) -> Path:
    found = [p for p in sorted(masks.glob("*")) if p.stem == picture.stem]
    if not found:
        hint = "Draw one, or leave out --mask: then regions are sought"
        raise InvalidInput("there is no mask of this name", value=picture.stem, hint=hint)
    return found[0]


def _listed(file: Path, out: Path, seed: int) -> list[Job]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the list cannot be read ({error})", value=str(file)) from error
    if len(lines) > _MOST_LINES:
        raise InvalidInput(f"the list has over {_MOST_LINES} lines", value=len(lines))
    rows = [(number, _row(number, line)) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise InvalidInput("the list is empty", value=str(file))
    jobs: list[Job] = []
    for number, row in rows:
        beside = {
            name: file.parent / row[name] for name in ("picture", "mask", "plan") if name in row
        }
        stem = beside["picture"].stem if "picture" in beside else "picture"
        name = row.get("out", f"{number:04}-{stem}.png")
        if PureWindowsPath(name).anchor or ".." in PureWindowsPath(name).parts:
            raise InvalidInput(
                f"line {number}: a name must not leave the folder of --out", value=name
            )
        jobs.append(
            Job(out / name, row.get("instruction", ""), seed=row.get("seed", seed), **beside)
        )
    return jobs


def _row(number: int, line: str) -> dict[str, Any]:
    """The fields of a line of the list."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"line {number} of the list is no JSON", value=line) from error
    if not isinstance(row, dict):
        raise InvalidInput(f"line {number} of the list is no object", value=line)
    fields = cast("dict[str, Any]", row)
    for name, value in fields.items():
        kind = _FIELDS.get(name)
        if kind is None or not isinstance(value, kind) or isinstance(value, bool) or value == "":
            raise InvalidInput(
                f"line {number} of the list cannot be used",
                value=f"{name}: {value!r}",
                hint=f"Fields are {', '.join(_FIELDS)}; seed is a whole number, others are texts",
            )
    if ("instruction" in fields) == ("plan" in fields):
        hint = "Give it an instruction, or the file of a plan"
        raise InvalidInput(f"line {number} of the list says not what to do", value=line, hint=hint)
    return fields


def _free(stem: str) -> Path:
    """A name in the current folder that nothing has yet."""
    number = 1
    while (path := Path(f"{stem}.png" if number == 1 else f"{stem}-{number}.png")).exists():
        number += 1
    return path
