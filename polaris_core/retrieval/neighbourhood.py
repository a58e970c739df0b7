"""How near a LoRA stands to a checkpoint, beyond belonging to the same family.

The paper's second level looks for LoRAs in the neighbourhood of the checkpoint. Three things make a
neighbour: the very same base model (Pony within SDXL, say), being known to be used together, and
embeddings that are near.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from polaris_core.catalogue.columns import BASE_MODELS, Columns
from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.index.base import Ids, VectorIndex, Vectors
from polaris_core.retrieval.documents import short_names
from polaris_core.retrieval.filters import Flags
from polaris_core.retrieval.zoo import ZooState

__all__ = ["Neighbourhood"]


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """What surrounds one checkpoint, or where there is none one base model."""

    base: BaseModel
    same_base: Flags
    """Which LoRAs are of the very same base model, in the order of `facts.ids`."""
    facts: Columns
    """Of all LoRAs."""
    together: Ids
    """LoRAs known to be used with it, rising."""
    text: VectorIndex
    """The text half of the LoRAs."""
    vector: Vectors | None = None
    """The checkpoint's own text half; None without one."""
    checkpoint: Entry | None = None

    @staticmethod
    def of(state: ZooState, base: BaseModel, checkpoint: Entry | None) -> Neighbourhood:
        """What surrounds this checkpoint."""
        facts, index = state.facts[Kind.LORA], state.kinds[Kind.LORA]
        same = facts.base_model == BASE_MODELS.index(base)
        known: set[int] = set()
        if checkpoint is None:
            return Neighbourhood(base, same, facts, _sorted(known), index.text)
        for name in _callings(checkpoint):
            known.update(index.words.partners(name).tolist())
        own = np.array([checkpoint.id], np.int64)
        [vector] = state.kinds[Kind.CHECKPOINT].text.vectors_of(own)
        return Neighbourhood(base, same, facts, _sorted(known), index.text, vector, checkpoint)

    def scores(self, ids: Ids) -> npt.NDArray[np.float64]:
        """1 for known use, 1 for the same base model, and the cosine with the checkpoint, ≥ 0."""
        total = self.same_base[np.searchsorted(self.facts.ids, ids)].astype(np.float64)
        total += np.isin(ids, self.together)
        if self.vector is not None and len(ids):
            total += np.maximum(self.text.vectors_of(ids) @ self.vector, 0.0)
        return total

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


def _sorted(ids: set[int]) -> Ids:
    return np.array(sorted(ids), np.int64)
