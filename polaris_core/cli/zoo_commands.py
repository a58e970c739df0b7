"""`polaris scan`, `search` and `plan`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from polaris_core.catalogue.entry import BaseModel, Kind, Maturity
from polaris_core.catalogue.fingerprints import hash_missing, hashed
from polaris_core.catalogue.scan import ModelFolder, scan
from polaris_core.catalogue.store import Store
from polaris_core.cli.output import print_json, print_table, terminal_progress
from polaris_core.cli.parse_command import read_instruction
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.encoders.base import Encoders, RGBImage
from polaris_core.encoders.factory import image_encoder, text_encoder
from polaris_core.errors import InvalidInput
from polaris_core.images import read_picture
from polaris_core.instructions.intent import EditIntent
from polaris_core.planning.explain import explain
from polaris_core.planning.plan import EditPlan
from polaris_core.planning.planner import PlanOptions, make_plan
from polaris_core.planning.replay import sign
from polaris_core.planning.serialize import plan_to_json
from polaris_core.retrieval.explain import describe
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.pins import Pins
from polaris_core.retrieval.shortlist import Hit, Shortlist, SlotName
from polaris_core.retrieval.two_level import retrieve_checkpoints, retrieve_loras, search
from polaris_core.retrieval.zoo import CATALOGUE, Zoo

__all__ = [
    "decide",
    "filters_of",
    "find",
    "folders_of",
    "only_in",
    "open_zoo",
    "run_plan",
    "run_scan",
    "run_search",
]


def run_scan(options: argparse.Namespace) -> int:
    """Read model folders and bring the indices up to date, unless that is left for later."""
    folders, zoo = folders_of(options), open_zoo(options)
    report = scan(zoo.store, folders, terminal_progress())
    if not options.no_index:
        zoo.state(terminal_progress())
    problems = [str(problem) for problem in report.problems]
    if options.hash:
        hashes = hash_missing(zoo.store, terminal_progress())
        problems += [str(problem) for problem in hashes.problems]
    if options.json:
        counts = {"added": report.added, "changed": report.changed, "removed": report.removed}
        print_json({**counts, "unchanged": report.unchanged, "problems": problems})
        return 0
    print(report.summary())
    for problem in problems:
        print(f"  {problem}")
    return 0


def run_search(options: argparse.Namespace) -> int:
    """Print the entries nearest to a phrase, or those in which all its words stand."""
    if options.words:
        hits = _with_words(options)
    else:
        hits = search(
            open_zoo(options), options.phrase, Kind(options.kind), filters_of(options), options.k
        )
    if options.json:
        print_json([_hit(hit) for hit in hits])
        return 0
    print_table(
        ["score", "name", "base", "role", "file", "why"],
        [
            (
                f"{h.score:.3f}",
                h.entry.name,
                h.entry.base_model.value,
                h.entry.role.value,
                h.entry.file or f"not here: {h.entry.source or h.entry.download}",
                h.reason,
            )
            for h in hits
        ],
    )
    return 0


def _with_words(options: argparse.Namespace) -> Sequence[Hit]:
    """Hits of the catalogue alone, in its order."""
    if not options.phrase.strip():
        raise InvalidInput("nothing to search for", value=options.phrase, hint="Give a word")
    if not (options.zoo / CATALOGUE).is_file():
        hint = "Run `polaris scan` first, or name another folder with --zoo"
        raise InvalidInput("there is no zoo in this folder", value=str(options.zoo), hint=hint)
    with Store.open(options.zoo / CATALOGUE) as store:
        columns = store.columns()
        allowed = set(columns.ids[filters_of(options).flags(columns)].tolist())
        found = store.find(options.phrase, kind=Kind(options.kind), limit=len(columns.ids) or 1)
    passing = [entry for entry in found if entry.id in allowed][: options.k]
    return [
        Hit(entry, 1 / place, reason="all words stand in its name, trigger words, tags or text")
        for place, entry in enumerate(passing, start=1)
    ]


def run_plan(options: argparse.Namespace) -> int:
    """Decide an edit; print the plan, and draw the sheet if asked."""
    picture = np.asarray(read_picture(options.image)) if options.image else None
    shortlist, plan = decide(
        open_zoo(options),
        read_instruction(options),
        picture=picture,
        has_mask=not options.no_mask,
        pins=Pins.parse("\n".join(options.pin)),
        filters=filters_of(options),
        options=PlanOptions(
            allow_unknown_base=options.unknown_base, allow_missing=options.anywhere
        ),
    )
    if options.sheet:
        from polaris_core.sheet import draw_sheet

        pictures = [] if picture is None else [("the picture", Image.fromarray(picture))]
        options.sheet.parent.mkdir(parents=True, exist_ok=True)
        draw_sheet(shortlist, plan, pictures=pictures).save(options.sheet, format="PNG")
    if options.json:
        print_json(json.loads(plan_to_json(plan)))
        return 0
    print(f"{describe(shortlist, rows=5)}\n\n{explain(plan)}")
    return 0


def decide(
    zoo: Zoo,
    intent: EditIntent,
    *,
    picture: RGBImage | None = None,
    has_mask: bool = False,
    pins: Pins | None = None,
    filters: Filters | None = None,
    unknown_base: bool = False,
    options: PlanOptions | None = None,
) -> tuple[Shortlist, EditPlan]:
    """Intent to plan, as the nodes do it one after the other.

    Args:
        zoo: Where to look.
        intent: What is asked for.
        picture: The picture to edit, or the reference.
        has_mask: Whether there will be a mask; local edits need one.
        pins: What must and must not be used.
        filters: Which entries may be used.
        unknown_base: Whether LoRAs of unknown base model may be used.
        options: What else the user decides; it says of `unknown_base`, too.

    Raises:
        PolarisError: As the stages do.
    """
    progress = terminal_progress()
    options = options or PlanOptions(allow_unknown_base=unknown_base)
    shortlist = find(
        zoo,
        intent,
        picture=picture,
        pins=pins,
        filters=filters,
        unknown_base=options.allow_unknown_base,
    )
    plan = make_plan(
        intent,
        shortlist,
        has_picture=picture is not None,
        has_mask=has_mask,
        options=options,
    )
    return shortlist, sign(plan, zoo.store, lambda entry: hashed(zoo.store, entry, progress))


def find(
    zoo: Zoo,
    intent: EditIntent,
    *,
    picture: RGBImage | None = None,
    pins: Pins | None = None,
    filters: Filters | None = None,
    unknown_base: bool = False,
    loras: int = 20,
) -> Shortlist:
    """Retrieve a checkpoint, and `loras` LoRAs for it; arguments as for `decide`."""
    pins, filters = pins or Pins(), filters or Filters()
    progress = terminal_progress()
    found = retrieve_checkpoints(
        zoo, intent, picture=picture, pins=pins, filters=filters, progress=progress
    )
    best = found.best(SlotName.CHECKPOINT)
    assert best is not None  # retrieve_checkpoints raises when nothing fits
    adapters = retrieve_loras(
        zoo,
        intent,
        base=best.entry.base_model,
        checkpoint=best.entry,
        picture=picture,
        pins=pins,
        filters=filters,
        allow_unknown_base=unknown_base,
        k=loras,
        progress=progress,
    )
    return Shortlist(found.slots + adapters.slots)


def open_zoo(options: argparse.Namespace) -> Zoo:
    """The zoo that a command line names, with its encoders."""
    spec = options.image_encoder
    image = None if spec == "none" else image_encoder(spec)
    return Zoo.open(options.zoo, Encoders(text_encoder(options.text_encoder), image))


def filters_of(options: argparse.Namespace) -> Filters:
    """Which entries a command line allows."""
    families = frozenset({BaseModel(options.base)}) if options.base else None
    return Filters(
        max_maturity=Maturity[options.maturity],
        families=families,
        on_disk_only=not options.anywhere,
        commercial=options.commercial,
        no_credit=options.no_credit,
        derivatives=options.derivatives,
        people=not options.no_people,
    )


def only_in(
    zoo: Zoo, folders: Sequence[ModelFolder], filters: Filters, families: frozenset[BaseModel]
) -> Filters:
    """Filters that also let pass only what lies in `folders`, if there are any.

    Without a choice of families, only `families` pass.
    """
    filters = replace(filters, families=filters.families or families)
    if not folders:
        return filters
    roots = {str(folder.path) for folder in folders}
    ids = frozenset(entry.id for entry in zoo.store.all() if entry.root in roots)
    return replace(filters, ids=ids)


def folders_of(options: argparse.Namespace) -> list[ModelFolder]:
    """The folders that `checkpoints`, `loras` and `models` of a command line name, or ComfyUI's.

    Raises:
        InvalidInput: One is not there, or none is named or found.
    """
    models: Path | None = options.models
    if not (options.checkpoints or options.loras or models):
        comfyui = find_comfyui()
        if comfyui is None:
            raise InvalidInput(
                "there is nothing to scan",
                hint="Name folders with --checkpoints, --loras or --models, or set COMFYUI_PATH",
            )
        models = comfyui / "models"
    checkpoints: list[Path] = [*options.checkpoints, *([models / "checkpoints"] if models else [])]
    loras: list[Path] = [*options.loras, *([models / "loras"] if models else [])]
    for folder in (*checkpoints, *loras):
        if not folder.is_dir():
            raise InvalidInput("no such folder", value=str(folder))
    return [ModelFolder(f.resolve(), Kind.CHECKPOINT) for f in checkpoints] + [
        ModelFolder(f.resolve(), Kind.LORA) for f in loras
    ]


def _hit(hit: Hit) -> dict[str, object]:
    return {
        "name": hit.entry.name,
        "file": hit.entry.file,
        "on_disk": hit.entry.on_disk,
        "source": hit.entry.source,
        "download": hit.entry.download,
        "licence": hit.entry.licence,
        "kind": hit.entry.kind.value,
        "base_model": hit.entry.base_model.value,
        "role": hit.entry.role.value,
        "sha256": hit.entry.sha256,
        "score": hit.score,
        "sources": {s.source: s.score for s in hit.sources},
        "matched_words": list(hit.matched_words),
        "reason": hit.reason,
    }
