"""How near a LoRA stands to a checkpoint, beyond belonging to the same family.

The paper's second level looks for LoRAs in the neighbourhood of the checkpoint. Three things make a
neighbour: the very same base model (Pony within SDXL, say), being known to be used together, and
embeddings that are near.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from polaris_core.catalogue.columns import BASE_MODELS
from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.index.base import Ids, VectorIndex
from polaris_core.retrieval.documents import short_names
from polaris_core.retrieval.kind_index import HasRows
from polaris_core.retrieval.zoo import ZooState

__all__ = ["Neighbourhood"]

_NEAR = 1000
"""LoRAs that count as near to the checkpoint's embedding."""


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """What surrounds one checkpoint, or where there is none one base model."""

    base: BaseModel
    same_base: Ids
    """LoRAs of the very same base model, rising."""
    near: Ids
    """LoRAs whose descriptions are near to the checkpoint's, nearest first."""
    together: Ids
    """LoRAs known to be used with it, rising."""
    checkpoint: Entry | None = None

    @staticmethod
    def of(
        state: ZooState, base: BaseModel, checkpoint: Entry | None, allowed: Ids
    ) -> Neighbourhood:
        """What surrounds this checkpoint among the `allowed` LoRAs, whose ids rise."""
        columns, index = state.facts[Kind.LORA], state.kinds[Kind.LORA]
        same = columns.ids[columns.base_model == BASE_MODELS.index(base)]
        nobody = np.empty(0, np.int64)
        if checkpoint is None:
            return Neighbourhood(base, same, nobody, nobody)
        vector = _vector(state.kinds[Kind.CHECKPOINT].text, checkpoint.id)
        near = nobody if vector is None else index.text.search(vector, _NEAR, allowed).ids
        together = [index.words.partners(name) for name in _callings(checkpoint)]
        known = np.unique(np.concatenate([nobody, *together]))
        return Neighbourhood(base, same, near, known, checkpoint)

    def scores(self, ids: Ids) -> npt.NDArray[np.float64]:
        """1 for known use, 1 for the same base model, up to 0.5 for nearness; shape of `ids`."""
        places = np.full(len(ids), len(self.near))
        order = np.argsort(self.near)
        if len(self.near):
            at = np.minimum(np.searchsorted(self.near, ids, sorter=order), len(self.near) - 1)
            found = self.near[order[at]] == ids
            places[found] = order[at[found]]
        nearness = 0.5 * (1 - places / max(1, len(self.near)))
        return np.isin(ids, self.together) + np.isin(ids, self.same_base) + nearness

    def describe(self, entry: Entry) -> str:
        """What binds a LoRA to the checkpoint, for its reason; empty if nothing does."""
        if self.checkpoint is not None and entry.id in self.together:
            return f"known to be used with {self.checkpoint.name}"
        if entry.base_model is self.base and self.base.family is not self.base:
            return f"made for {self.base.value} itself"
        return ""


def _callings(checkpoint: Entry) -> list[str]:
    """What people call a checkpoint: names and file, also written as one word."""
    stem = checkpoint.file.rpartition("/")[2].rpartition(".")[0]
    names = [*short_names(checkpoint.name), *filter(None, (stem,))]
    return list(dict.fromkeys([*names, *("".join(name.lower().split()) for name in names)]))


def _vector(index: VectorIndex, id: int) -> npt.NDArray[np.float32] | None:
    """The stored vector of an entry; None if it has none."""
    rows = cast(HasRows, index).rows
    at = int(np.searchsorted(rows.row_ids, id))
    held = at < len(rows.row_ids) and rows.row_ids[at] == id
    return np.array(rows.vectors[at]) if held else None
