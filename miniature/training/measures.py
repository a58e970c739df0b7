"""How well the stored readers do on what they never saw."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from miniature.training.judge import Labelled, make_judge
from miniature.training.reader_data import LEAST_PX
from miniature.training.requests import Question
from miniature.world import ALL_KINDS, ALL_STYLES, Scene, caption, draw, masks, random_scene
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.instructions.intent import EditIntent
from polaris_core.llm.base import ChatModel
from polaris_core.miniature.store import load_compact
from polaris_core.regions.proposal import Proposal
from polaris_core.regions.scoring import embed_regions, values
from polaris_core.rerank.shortlists import judge_of, rerank_shortlist
from polaris_core.rerank.topics import Topic
from polaris_core.retrieval.shortlist import Half, Hit, Shortlist, Slot, SlotName

__all__ = [
    "auc",
    "captions_found",
    "judged_rightly",
    "load_judge",
    "masks_chosen",
    "scores_of",
    "topic_kept",
]


def load_judge(stored: Path) -> Any:  # noqa: ANN401
    """The stored judge, ready to look.

    Raises:
        InvalidInput: The weights are missing or not those of their card.
    """
    import torch

    judge = make_judge()
    weights = {name: torch.from_numpy(tensor) for name, tensor in load_compact(stored).items()}
    for name, value in judge.state_dict().items():  # counters are one number without an axis
        weights[name] = weights[name].reshape(value.shape).to(value.dtype)
    judge.load_state_dict(weights)
    return judge.eval()


def judged_rightly(judge: Any, data: Labelled) -> npt.NDArray[np.bool_]:  # noqa: ANN401
    """Whether kind, colour and style were right, `n 3`."""
    import torch

    from miniature.training.judge import HEADS

    right: list[Any] = []
    for at in range(0, len(data.pictures), 128):
        seen = torch.from_numpy(data.pictures[at : at + 128]).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            said = torch.stack([each.argmax(-1) for each in judge(seen).split(HEADS, -1)], -1)
        right.append(said.numpy() == data.labels[at : at + 128])
    return np.concatenate(right)


def captions_found(encoder: ClipEncoder, count: int, seed: int = 5) -> tuple[float, float]:
    """Share of held-out captions that find their picture among so many, and of pictures.

    Captions that leave something out may well fit another picture: 1 cannot be reached.
    """
    rng = random.Random(seed)
    scenes = [
        random_scene(rng, split="held_out", kinds=ALL_KINDS, styles=ALL_STYLES)
        for _ in range(count)
    ]
    texts = encoder.encode_texts([caption(scene, rng) for scene in scenes])
    cosines = texts @ encoder.encode_images([draw(scene) for scene in scenes]).T
    own = np.arange(count)
    return float((cosines.argmax(1) == own).mean()), float((cosines.argmax(0) == own).mean())


def masks_chosen(encoder: ClipEncoder, scenes: int, seed: int = 6) -> float:
    """Share of things of two-thing scenes whose true mask is chosen for their name.

    Proposals are the two true masks and the background's, scored as the masker scores them.
    """
    rng = random.Random(seed)
    right: list[bool] = []
    for _ in range(scenes):
        scene = random_scene(rng, split="held_out", kinds=ALL_KINDS, styles=ALL_STYLES, things=2)
        marked = masks(scene)
        if min(mask.sum() for mask in marked) < LEAST_PX:
            continue
        proposals = [Proposal.of(mask, 1.0) for mask in (*marked, ~marked.any(0))]
        seen = embed_regions(draw(scene), proposals, encoder)
        for which in range(2):
            right.append(_chosen(encoder, seen, scene, which, rng) == which)
    return float(np.mean(right))


def _chosen(encoder: ClipEncoder, seen: Any, scene: Scene, which: int, rng: random.Random) -> int:  # noqa: ANN401
    thing, other = scene.things[which], scene.things[1 - which]
    phrase = f"{thing.colour} {thing.kind}" if rng.random() < 0.5 else thing.kind
    found = values(seen, [phrase], thing.kind, [other.kind], encoder)
    return int(np.argmax([value.total for value in found]))


def scores_of(model: ChatModel, questions: Sequence[Question]) -> list[npt.NDArray[np.float64]]:
    """What Tree Rerank's judge says of each candidate of each question."""
    judge = judge_of(model, "tree", rounds=1)
    return [
        np.array(judge.judge(q.intent, q.topic, q.entries, len(q.entries), lambda *_: None).scores)
        for q in questions
    ]


def auc(scores: Sequence[npt.NDArray[np.float64]], fits: Sequence[Sequence[bool]]) -> float:
    """How often a candidate that fits stands above one that does not, over all questions."""
    said, right = np.concatenate(scores), np.concatenate([np.array(each) for each in fits])
    above = said[right][:, None] - said[~right]
    return float((above > 0).mean() + (above == 0).mean() / 2)


def topic_kept(
    model: ChatModel, intent: EditIntent, topic: Topic, entries: Sequence[Any]
) -> list[str]:
    """Names that the whole of Tree Rerank keeps for a topic, best first."""
    hits = tuple(Hit(entry, 1 / place) for place, entry in enumerate(entries, start=1))
    slot = Slot(SlotName(topic.slot), Half.TEXT, topic.phrase, hits)
    ranked, _ = rerank_shortlist(Shortlist((slot,)), intent, model, keep=3, slots=(topic.slot,))
    return [hit.entry.name for hit in ranked.slots[0].hits]
