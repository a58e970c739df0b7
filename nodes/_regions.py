"""The Region Masker's work on a batch: each picture its own region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import _convert

if TYPE_CHECKING:
    import torch

    from polaris_core.instructions.intent import EditIntent
    from polaris_core.progress import Progress
    from polaris_core.regions.attention_maps import AttentionMap

    from ._segmenters import HostSegmenter


class Found(NamedTuple):
    """What the node gives, one of each for every picture."""

    mask: torch.Tensor
    """`b h w`, 0-1."""
    preview: torch.Tensor
    """`b h w 3`, 0-1."""
    json: str
    text: str
    candidates: list[dict[str, Any]]
    """For the page, which lets people choose by a click."""


def find_regions(
    image: torch.Tensor,
    intent: EditIntent,
    segmenter: HostSegmenter,
    ip2p: tuple[Any, Any, Any],
    *,
    choice: str,
    grow_px: int,
    feather_px: int,
    progress: Progress,
) -> Found:
    """Propose, judge, and draw, picture by picture.

    Raises:
        InvalidInput: The picture, the choice or the InstructPix2Pix model cannot be used.
        InvalidIntent: The sentence was no edit.
        MaskRequired: No region is left.
    """
    from polaris_core.page.regions import region_payload
    from polaris_core.regions.drafting import means_all
    from polaris_core.regions.draw import draw_candidates
    from polaris_core.regions.explain import explain, region_to_json
    from polaris_core.regions.grounding import ground
    from polaris_core.regions.region import read_choice

    numbers = read_choice(choice)
    pictures = _convert.to_pictures(image)
    maps = _addition_maps(image, intent, ip2p, progress)
    seeks = intent.instruction_type.is_local and not means_all(intent)
    if seeks:
        segmenter.ready()  # only now: InstructPix2Pix may have needed the room
    masks, previews, rows, candidates = [], [], [], []
    texts = [segmenter.proposer.describe()] if seeks else []
    for number, picture in enumerate(pictures):
        region = ground(
            picture,
            intent,
            segmenter.proposer.propose(picture, progress) if seeks else (),
            segmenter.encoder,
            choice=numbers,
            attention=maps[number],
            grow_px=grow_px,
            feather_px=feather_px,
            progress=progress,
        )
        masks.append(region.mask)
        previews.append(draw_candidates(picture, region))
        rows.append(region_to_json(region))
        candidates.append(region_payload(region))
        texts.append(explain(region))
    return Found(
        _convert.to_mask(masks),
        _convert.to_image(previews),
        rows[0] if len(rows) == 1 else "[" + ",\n".join(rows) + "]",
        "\n\n".join(texts),
        candidates,
    )


def _addition_maps(
    image: torch.Tensor, intent: EditIntent, ip2p: tuple[Any, Any, Any], progress: Progress
) -> list[AttentionMap | None]:
    """Where InstructPix2Pix would put what is added; nothing for other kinds of edit."""
    from polaris_core.instructions.intent import InstructionType

    from ._attention import addition_maps

    nothing: list[AttentionMap | None] = [None] * len(image)
    if intent.instruction_type is not InstructionType.ADD or all(part is None for part in ip2p):
        return nothing
    words = intent.object_words or intent.subject
    sentence = intent.instruction
    if words.lower() not in sentence.lower():  # another language, or a corrected field
        sentence = " ".join(filter(None, ("add", words, intent.anchor)))
    return addition_maps(*ip2p, image, sentence, words, progress=progress)
