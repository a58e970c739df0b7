"""Small segmenters with random weights, for tests and benchmarks.

Purely random weights give masks of noise that all span the picture. So a few are set: positions of
the picture attend to points whose place is like theirs, neighbouring pixels are answered alike, and
logits get a spread and a share above zero as those of trained weights have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import transformers
from torch.nn.functional import gelu

from polaris_core.regions.sam import build_sam
from polaris_core.regions.weights import SamArchitecture

ARCHITECTURE = SamArchitecture(
    width=32,
    depth=2,
    heads=2,
    global_layers=(1,),
    window=7,
    patch_px=16,
    grid=16,
    mlp_ratio=2.0,
    prompt_width=32,
    mask_channels=16,
    decoder_depth=2,
    decoder_mlp=64,
    masks=3,
    quality_depth=3,
    quality_width=32,
)


def small_sam(seed: int = 4, architecture: SamArchitecture = ARCHITECTURE) -> Any:
    """A Segment Anything model whose masks are of many sizes and places."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = build_sam(architecture)
        for name, weights in model.named_parameters():
            if "pos" in name:  # these start at zero
                weights.normal_(0, 0.1)
        decoder = model.mask_decoder
        for layer in decoder.transformer.layers:
            attend_by_place(
                layer.cross_attn_image_to_token, layer.cross_attn_image_to_token.out_proj
            )
        first, second = decoder.output_upscaling[0], decoder.output_upscaling[3]
        last = [mlp.layers[-1] for mlp in decoder.output_hypernetworks_mlps]
        answer_alike(first, second)
        edge = architecture.picture_px
        seen = model.image_encoder(model.preprocess(torch.rand(1, 3, edge, edge) * 255))
        prompts = model.prompt_encoder((some_points(edge), torch.ones(16, 1)), None, None)
        place = model.prompt_encoder.get_dense_pe()
        spread_logits(second, last, lambda: decoder(seen, place, *prompts, True)[0])
        for weights in decoder.iou_prediction_head.layers[-1].parameters():
            weights.mul_(4)
    return model


def small_sam2(seed: int = 2) -> Any:
    """A SAM 2 whose masks are of many sizes and places."""
    configs = transformers.models.sam2.configuration_sam2
    backbone = transformers.Sam2HieraDetConfig(
        hidden_size=8,
        image_size=[128, 128],
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 2, 2, 2],
        window_size_per_stage=[8, 4, 4, 2],
        global_attention_blocks=[3],
    )
    config = transformers.Sam2Config(
        vision_config=transformers.Sam2VisionConfig(
            backbone_config=backbone,
            backbone_channel_list=[64, 32, 16, 8],
            backbone_feature_sizes=[[32, 32], [16, 16], [8, 8]],
            fpn_hidden_size=32,
        ),
        prompt_encoder_config=configs.Sam2PromptEncoderConfig(
            hidden_size=32, image_size=128, mask_input_channels=8
        ),
        mask_decoder_config=configs.Sam2MaskDecoderConfig(
            hidden_size=32, mlp_dim=64, iou_head_hidden_dim=32
        ),
    )
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = transformers.Sam2Model(config).eval()
        for weights in model.parameters():
            if weights.ndim > 1:  # they start next to zero
                weights.normal_(0, 0.2)
        decoder = model.mask_decoder
        for layer in decoder.transformer.layers:
            attend_by_place(layer.cross_attn_image_to_token, layer.cross_attn_image_to_token.o_proj)
        for fine in (decoder.conv_s0, decoder.conv_s1):
            fine.weight.mul_(0.02)
        last = [mlp.proj_out for mlp in decoder.output_hypernetworks_mlps]
        answer_alike(decoder.upscale_conv1, decoder.upscale_conv2)
        decoder.conv_s0.weight[0], decoder.conv_s0.bias[0] = 0, 0
        seen = model.get_image_embeddings(torch.randn(1, 3, 128, 128))
        points = some_points(128)[None]
        spread_logits(
            decoder.upscale_conv2,
            last,
            lambda: model(image_embeddings=list(seen), input_points=points).pred_masks[0],
            below=2.0,
        )
    return model


def some_points(edge: int) -> torch.Tensor:
    """16 of them, shape `16 1 2`."""
    places = (torch.arange(4) + 0.5) * edge / 4
    return torch.cartesian_prod(places, places)[:, None]


def attend_by_place(attention: Any, out: Any, strength: float = 4.0) -> None:
    """Each head compares some phases of the places, by their sines and cosines."""
    inner, width = attention.q_proj.weight.shape
    waves = torch.arange(inner // 2)
    by_place = torch.zeros(inner, width)
    by_place[2 * waves, waves] = by_place[2 * waves + 1, width // 2 + waves] = strength
    attention.q_proj.weight.copy_(by_place)
    attention.k_proj.weight.copy_(by_place)
    attention.v_proj.weight.mul_(4)
    out.weight.mul_(4)


def answer_alike(first: Any, second: Any) -> None:
    """Pixels that are made of one position are the same; a channel is the same everywhere."""
    for upscaling in (first, second):
        upscaling.weight.copy_(upscaling.weight.mean((2, 3), keepdim=True) * 2)
    second.weight[:, 0], second.bias[0] = 0, 1


def spread_logits(
    upscaling: Any,
    last: Sequence[Any],
    ask: Callable[[], torch.Tensor],
    spread: float = 4.0,
    below: float = 1.0,
) -> None:
    """Logits get this standard deviation, and a mean so many of them below zero."""
    for layer in last:
        layer.weight[0], layer.bias[0] = 0, 0
    logits = ask()
    scales = spread / logits.std((0, 2, 3))
    means = logits.mean((0, 2, 3)) * scales
    for layer, scale, mean in zip(last[1:], scales, means, strict=True):
        layer.weight.mul_(scale)
        layer.bias.mul_(scale)
        layer.bias[0] = -(mean + spread * below) / gelu(upscaling.bias[0])
