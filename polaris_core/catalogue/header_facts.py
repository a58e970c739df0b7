"""Read what a header's metadata says: kohya's training record and modelspec."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from typing import cast

from polaris_core.catalogue.facts import Facts
from polaris_core.catalogue.hashes import autov3_of
from polaris_core.catalogue.plain_text import one_line, plain_text
from polaris_core.catalogue.strengths import strength_in_prose
from polaris_core.catalogue.values import json_inside, string_in, strings_in, text_in
from polaris_core.catalogue.words import trigger_words

__all__ = ["Captions", "header_facts"]

Captions = tuple[tuple[str, float], ...]
"""Captions with their share of the training pictures, in [0, 1], commonest first."""

_CAPTIONS_LIMIT = 64
_KEPT = {
    "clip_skip": "ss_clip_skip",
    "network_dim": "ss_network_dim",
    "network_alpha": "ss_network_alpha",
    "network_module": "ss_network_module",
    "output_name": "ss_output_name",
    "training_base": "ss_sd_model_name",
    "epoch": "ss_epoch",
    "usage_hint": "modelspec.usage_hint",
    "date": "modelspec.date",
    "resolution": "modelspec.resolution",
    "prediction_type": "modelspec.prediction_type",
    "merged_from": "modelspec.merged_from",
}
_NOTHING = frozenset({"", "None", "null"})


def header_facts(metadata: Mapping[str, str]) -> tuple[Facts, Captions]:
    """Read a header's metadata; fields that are absent or malformed are passed by."""
    if not metadata:
        return Facts(), ()
    captions = _captions(metadata.get("ss_tag_frequency", ""))
    hint = plain_text(string_in(metadata, "modelspec.usage_hint"))
    output_name = text_in(metadata, "ss_output_name")
    kept = {ours: one_line(metadata.get(theirs, "")) for ours, theirs in _KEPT.items()}
    return Facts(
        name=_title(metadata, output_name),
        base_models=(
            text_in(metadata, "modelspec.architecture"),
            text_in(metadata, "ss_base_model_version"),
            text_in(metadata, "ss_sd_model_name").rpartition("/")[2],
            "sd_v2" if metadata.get("ss_v2") == "True" else "",
        ),
        description=plain_text(string_in(metadata, "modelspec.description")),
        notes=(hint, plain_text(string_in(metadata, "ss_training_comment"))),
        trigger_words=trigger_words([string_in(metadata, "modelspec.trigger_phrase")]),
        strength=strength_in_prose(hint),
        aliases=(output_name,) if output_name else (),
        tags=strings_in(metadata, "modelspec.tags"),
        training_tags=tuple(caption for caption, _ in captions),
        licence=text_in(metadata, "modelspec.license"),
        creator=text_in(metadata, "modelspec.author"),
        autov3=autov3_of(metadata.get("sshs_model_hash", ""))
        or autov3_of(metadata.get("modelspec.hash_sha256", "")),
        extra={ours: text for ours, text in kept.items() if text not in _NOTHING},
    ), captions


def _title(metadata: Mapping[str, str], output_name: str) -> str:
    """The title, unless the trainer made it up from the file's name or the date."""
    title = text_in(metadata, "modelspec.title")
    made_up = title == output_name or title.lower().startswith(("lora@", "checkpoint@"))
    return "" if made_up else title


def _captions(text: str) -> Captions:
    """The commonest captions over all data sets: JSON of `{folder: {caption: count}}`."""
    folders = json_inside(text)
    if not isinstance(folders, dict):
        return ()
    counts: Counter[str] = Counter()
    for table in cast("dict[str, object]", folders).values():
        if isinstance(table, dict):
            for caption, count in cast("dict[str, object]", table).items():
                if type(count) is int and 0 < count < 2**31:
                    counts[caption] += count
    most = heapq.nlargest(_CAPTIONS_LIMIT, counts.items(), key=lambda item: item[1])
    largest = most[0][1] if most else 1
    shares: dict[str, float] = {}
    for caption, count in most:
        if line := one_line(caption):
            shares.setdefault(line, count / largest)
    return tuple(shares.items())
