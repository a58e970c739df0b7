"""Tell from a header what a file is and which base model family it belongs to.

Ordered tables of conditions over keys and widths; the first row that holds decides (the family's
table stands in `families`).

Detection guarantees:

- The kind is LORA only if low-rank or difference weights are there; it is CHECKPOINT only if
  generator, text encoder and VAE are all there, since only such a file gives a workflow MODEL,
  CLIP and VAE. A generator alone is OTHER, and `note` says so.
- For files of the families in `BaseModel`, an answer other than UNKNOWN is right. UNKNOWN is
  always possible: parts of some families are equal in every key and shape.
- Families outside `BaseModel` (Wan, HunyuanVideo, Qwen-Image, Flux.2, Stable Video, the SDXL
  refiner, …) are UNKNOWN wherever keys or widths tell them apart. Chroma from Flux, and Kolors or
  Playground from SDXL, nothing in a header tells apart: `refine` withdraws the answer where the
  metadata names them.
- Pony, Illustrious and NoobAI are SDXL here; only metadata tells them (`refine`).
- A text-encoder-only adapter with a second CLIP is called SDXL, for which people train them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from polaris_core.catalogue.base_models import base_model_from_name, refine
from polaris_core.catalogue.entry import AdapterType, BaseModel, Kind
from polaris_core.catalogue.families import clues_of, family_of
from polaris_core.catalogue.header import Header

__all__ = ["Detection", "base_model_from_name", "detect", "refine"]


@dataclass(frozen=True, slots=True)
class Detection:
    """What a header shows."""

    kind: Kind
    base_model: BaseModel
    adapter_type: AdapterType | None = None
    """None for checkpoints and others, and for adapters of rarer kinds (OFT, differences)."""
    note: str = ""
    """Why a generator is no checkpoint, in plain words; empty for everything else."""
    stranger: bool = False
    """The header shows a family outside `BaseModel`: metadata cannot make it one of ours."""


_GENERATORS = (
    *("\nmodel.diffusion_model.", "\ndiffusion_model.", "\ninput_blocks.", "\ndown_blocks."),
    *("\ndouble_blocks.", "\njoint_blocks.", "\ntransformer_blocks.", "\nblocks."),
)
_TEXT_ENCODERS = ("\ncond_stage_model.", "\nconditioner.embedders.", "\ntext_encoders.")
_VAES = ("\nfirst_stage_model.", "\nvae.")

_ADDITIONS = (
    # ControlNets and their adapters, IP-Adapters, embeddings
    *("lora_controlnet\n", "lllite_", "controlnet_", "\ncontrol_model.", "input_hint_"),
    *("\nip_adapter", "\nimage_proj", "\nid_encoder", "\nemb_params\n", "\nadapter."),
)
_ADAPTERS = (
    *(".lora_down.", ".lora_up.", ".lora_A.", ".lora_B.", ".lora.down.", ".lora.up."),
    *("_lora.down.", "_lora.up.", ".lora_linear_layer.", ".hada_w", ".lokr_w"),
    *(".oft_blocks", ".oft_diag", ".diff\n", ".diff_b\n", "_lora1.down.", ".dora_scale"),
)

_KINDS: tuple[tuple[Kind, tuple[tuple[str, ...], ...]], ...] = (
    # A row holds if each of its groups has a member that stands in the keys.
    (Kind.OTHER, (_ADDITIONS,)),
    (Kind.LORA, (_ADAPTERS,)),
    (Kind.CHECKPOINT, (("\nmodel.diffusion_model.",), _TEXT_ENCODERS, _VAES)),
)

_ADAPTER_TYPES: tuple[tuple[AdapterType, tuple[str, ...]], ...] = (
    (AdapterType.LOHA, (".hada_w",)),
    (AdapterType.LOKR, (".lokr_w",)),
    (AdapterType.DORA, (".dora_scale", "lora_magnitude_vector")),
    (AdapterType.LOCON, (".lora_mid.",)),
)
_LORA_FACTORS = (
    *("lora_down.weight", "lora.down.weight", "lora_linear_layer.down.weight"),
    *("lora_A.weight", "lora_A.default.weight"),
)


def detect(header: Header) -> Detection:
    """Tell kind, base model family and parametrisation; the module's text says how reliably."""
    return _detect(tuple(header.tensors.items()))


# A folder of thousands of adapters holds a few dozen layouts of keys and shapes.
@lru_cache(maxsize=64)
def _detect(layout: tuple[tuple[str, tuple[int, ...]], ...]) -> Detection:
    shapes = dict(layout)
    keys = "\n" + "\n".join(shapes) + "\n"
    kind = _kind_of(keys)
    base_model, stranger = family_of(clues_of(shapes, keys))
    if kind is Kind.LORA:
        return Detection(kind, base_model, _adapter_type_of(shapes, keys), stranger=stranger)
    note = _note(keys) if kind is Kind.OTHER and not _some(_ADDITIONS, keys) else ""
    return Detection(kind, base_model, note=note, stranger=stranger)


def _note(keys: str) -> str:
    if not _some(_GENERATORS, keys):
        return ""
    has = {"text encoder": _some(_TEXT_ENCODERS, keys), "VAE": _some(_VAES, keys)}
    lacking = " and ".join(part for part, there in has.items() if not there)
    return f"a diffusion model without {lacking}" if lacking else ""


def _some(parts: Iterable[str], keys: str) -> bool:
    return any(part in keys for part in parts)


def _kind_of(keys: str) -> Kind:
    for kind, groups in _KINDS:
        if all(_some(group, keys) for group in groups):
            return kind
    return Kind.OTHER


def _adapter_type_of(shapes: Mapping[str, tuple[int, ...]], keys: str) -> AdapterType | None:
    for adapter_type, parts in _ADAPTER_TYPES:
        if _some(parts, keys):
            return adapter_type
    factors = [shape for key, shape in shapes.items() if key.endswith(_LORA_FACTORS)]
    if not factors:
        return None
    wide = any(size > 1 for shape in factors if len(shape) > 2 for size in shape[2:])
    return AdapterType.LOCON if wide else AdapterType.LORA
