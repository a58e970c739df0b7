"""The encoder: a small CLIP of open_clip's, which puts pictures and texts in one space.

It learns from three kinds of pairs at once: whole scenes and captions; things cut out as the masker
cuts them and phrases for them; previews and what uploaders write about a model. Of the latter two
it is known which other pairs of a batch are right as well, and those are no mistakes. Regions that
are not quite a thing are mixed in, so that the masker finds the whole of it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from miniature.training.judge import weathered
from miniature.training.phrases import ANY, Meaning, Said, of_ground, of_thing
from miniature.training.reader_data import Drawn
from miniature.training.steps import device_of
from miniature.world import caption
from polaris_core.miniature.readers import ENCODER, token_table

__all__ = ["Batch", "draw_batch", "encode_pictures", "encode_texts", "loss_of", "make_encoder"]

_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)
_CAPTIONS, _THINGS, _SPOILT, _GROUNDS = 40, 48, 24, 6
_NO_KIND = -3
"""Of a part of a thing, or of more than it: no word for a kind fits, those for colours do."""
_VIEW_SHARES = (0.4, 0.2, 0.15, 0.25)
"""Alone, faded, wide, and as it stands there."""
_LARGEST_SCALE = 4.6
_SAME_MEANING = 0.3
_LENGTHS = 4
"""Groups of texts of like length."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures and texts; the first are scenes with captions, the last have no text."""

    pictures: npt.NDArray[np.uint8]
    """`n 64 64 3`."""
    texts: list[str]
    """One a picture, but for spoilt ones."""
    others: list[str]
    """Of each thing and background another text of the same meaning."""
    shown: npt.NDArray[np.int64]
    """What those pictures and the spoilt ones show, `m 3`; see `Meaning`."""
    meant: npt.NDArray[np.int64]
    """What those texts say, `m 3`."""


def make_encoder(seed: int = 0) -> Any:  # noqa: ANN401
    """open_clip's model with random weights and the table of tokens that stays as it is."""
    import torch
    from open_clip import CLIP

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = CLIP(**ENCODER, init_logit_scale=3.0)
    table = model.token_embedding.weight
    table.requires_grad_(False)
    with torch.no_grad():
        table.copy_(torch.from_numpy(token_table()))
    return model.to(memory_format=torch.channels_last)


def draw_batch(drawn: Drawn, rng: np.random.Generator) -> Batch:
    """Choose pictures and say something about each."""
    words = random.Random(int(rng.integers(1 << 62)))
    scenes = rng.choice(len(drawn.scenes), _CAPTIONS, replace=False)
    captions = [caption(drawn.scenes[i], words) for i in scenes]
    pictures, said = [drawn.wholes[scenes]], list[Said]()
    shown: list[Meaning] = []
    spoilt: list[tuple[npt.NDArray[np.uint8], Meaning]] = []
    for i in rng.choice(len(drawn.owners), _THINGS, replace=False):
        at, which = drawn.owners[i]
        scene = drawn.scenes[at]
        view = int(rng.choice(4, p=_VIEW_SHARES))
        seen = drawn.squares[i] if view == 3 else drawn.views[i, view]
        if view == 3 and len(scene.things) == 1:
            seen = drawn.wholes[at]
        pictures.append(seen[None])
        thing = of_thing(scene, which, words)
        said.append(thing)
        shown.append(thing.shown)
        if len(spoilt) < _SPOILT:
            spoilt.append((drawn.spoilt[i, min(view, 2)], (_NO_KIND, *thing.shown[1:])))
    for at in rng.choice(len(drawn.scenes), _GROUNDS, replace=False):
        pictures.append(drawn.grounds[at][None])
        ground = of_ground(drawn.scenes[at], words)
        said.append(ground)
        shown.append(ground.shown)
    pictures += [picture[None] for picture, _ in spoilt]
    shown += [meaning for _, meaning in spoilt]
    return Batch(
        np.concatenate(pictures),
        captions + [each.text for each in said],
        [each.other for each in said],
        np.array(shown),
        np.array([each.meant for each in said]),
    )


def encode_pictures(model: Any, pictures: Any) -> Any:  # noqa: ANN401
    """Unit vectors of `n 3 64 64` in [0, 1]."""
    import torch

    mean, std = (
        torch.tensor(each, device=pictures.device).view(1, 3, 1, 1) for each in (_MEAN, _STD)
    )
    seen = ((pictures - mean) / std).contiguous(memory_format=torch.channels_last)
    return model.encode_image(seen, normalize=True)


def encode_texts(model: Any, tokens: Any) -> Any:  # noqa: ANN401
    """Unit vectors of texts, `n 77` tokens, by groups of like length.

    What stands after a text's end does not change it, since nothing looks ahead; so it is not
    computed.
    """
    import torch

    order = tokens.argmax(-1).argsort()
    groups = order.tensor_split(min(_LENGTHS, len(order)))
    vectors = torch.cat([_encoded(model, tokens[group]) for group in groups])
    return vectors[order.argsort()]


def _encoded(model: Any, tokens: Any) -> Any:  # noqa: ANN401
    import torch

    ends = tokens.argmax(-1)
    length = int(ends.max()) + 1
    states = model.token_embedding(tokens[:, :length]) + model.positional_embedding[:length]
    states = model.transformer(states, attn_mask=model.attn_mask[:length, :length])
    last = model.ln_final(states[torch.arange(len(tokens), device=ends.device), ends])
    return torch.nn.functional.normalize(last @ model.text_projection, dim=-1)


def loss_of(
    model: Any,  # noqa: ANN401
    tokenize: Any,  # noqa: ANN401
    batch: Batch,
    rng: np.random.Generator,
) -> tuple[Any, float]:
    """The loss, and the share of captions that found their picture."""
    import torch

    device = device_of(model)
    pictures = encode_pictures(model, weathered(batch.pictures, rng, device))
    texts = encode_texts(model, tokenize([*batch.texts, *batch.others]).to(device))
    scale = model.logit_scale.clamp(max=_LARGEST_SCALE).exp()
    count, many = len(batch.texts), len(batch.others)
    scenes = count - many
    logits = scale * texts[:scenes] @ pictures[:scenes].T
    right = float((logits.argmax(1) == torch.arange(scenes, device=device)).float().mean())
    loss = _contrast(logits, torch.eye(scenes, device=device))
    shown, meant = (torch.from_numpy(each).to(device) for each in (batch.shown, batch.meant))
    fits = ((meant[:, None] == shown) | (meant[:, None] == ANY)).all(-1).float()
    things = texts[scenes:count], texts[count:]
    for said in things:
        loss = loss + 0.5 * _contrast(scale * said @ pictures[scenes:].T, fits)
    same = (meant[:, None] == meant).all(-1).float()
    return loss + _SAME_MEANING * _contrast(scale * things[0] @ things[1].T, same), right


def _contrast(logits: Any, fits: Any) -> Any:  # noqa: ANN401
    """Cross-entropy in both directions, where several may be right."""
    import torch

    losses = []
    for scores, right in ((logits, fits), (logits.T, fits.T)):
        share = right / right.sum(1, keepdim=True).clamp(min=1)
        losses.append(-(share * torch.log_softmax(scores, 1)).sum(1).mean())
    return sum(losses) / 2
