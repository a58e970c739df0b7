"""Base models by the names that people, sites and trainers give them."""

from __future__ import annotations

import functools
import re

from polaris_core.catalogue.entry import BaseModel

__all__ = ["base_model_from_name", "refine"]

# In this order; names are compared in lower case, without blanks and signs. The third column
# is the family whose keys and shapes a stranger shares, so that only its name gives it away.
_NAMES: tuple[tuple[str, BaseModel, BaseModel | None], ...] = (
    (r"pony(diffusion)?v?7|auraflow", BaseModel.UNKNOWN, None),
    (r"flux[23]|klein|chroma|hunyuan|hyvid|framepack|longcat", BaseModel.UNKNOWN, BaseModel.FLUX),
    (r"kolors|playground|distilled|ssd1b|segmind|refiner", BaseModel.UNKNOWN, BaseModel.SDXL),
    (r"stablevideo|svd|modelscope|zeroscope", BaseModel.UNKNOWN, BaseModel.SD2),
    (r"zero123|cascade|^wan(video|2)|stableaudio", BaseModel.UNKNOWN, None),
    (r"noobai|naixl|noobxl", BaseModel.NOOBAI, None),
    (r"illustrious|ilxl", BaseModel.ILLUSTRIOUS, None),
    (r"pony", BaseModel.PONY, None),
    (r"sdxl|xlbase|stablediffusionxl", BaseModel.SDXL, None),
    (r"flux($|1|dev|schnell|kontext|krea|fill|d$|s$)", BaseModel.FLUX, None),
    (r"(^|ai)sdv?3|stablediffusionv?3", BaseModel.SD3, None),
    (r"(^|ai)sdv?2|stablediffusionv?2|^v2[01](768|512|$)", BaseModel.SD2, None),
    (r"(^|ai)sdv?1|stablediffusionv?1|^v1[45](pruned|ema|inpaint|$)", BaseModel.SD15, None),
)
_PATTERNS = tuple((re.compile(pattern), named, mimics) for pattern, named, mimics in _NAMES)
_SIGNS = re.compile(r"[\W_]+")
_LONGEST_NAME = 400


def base_model_from_name(text: str) -> BaseModel:
    """Tell the base model from what a site, a trainer or a person calls it.

    Understands Civitai's names (`SD 1.5`, `SDXL 1.0`, `Pony`, `Flux.1 D`), those of modelspec
    (`stable-diffusion-xl-v1-base/lora`), of kohya's trainer (`sdxl_base_v1-0`, `sd_v2_768_v`)
    and of well-known files (`v1-5-pruned-emaonly`). UNKNOWN for everything else, also for
    families Polaris does not tell apart (Wan, Flux.2, Chroma, Kolors, Pony V7, …).
    """
    found = _recognise(text)
    return found[0] if found else BaseModel.UNKNOWN


@functools.lru_cache(maxsize=4096)
def _recognise(text: str) -> tuple[BaseModel, BaseModel | None] | None:
    """The base model and the family it mimics; None where the name means nothing to us."""
    name = _SIGNS.sub("", text[:_LONGEST_NAME].lower())
    for pattern, named, mimics in _PATTERNS:
        if pattern.search(name):
            return named, mimics
    return None


def refine(base: BaseModel, *told: str) -> BaseModel:
    """Let what metadata says refine what the header shows, without contradicting it.

    - The header shows SDXL: the first of `told` that is Pony, Illustrious or NoobAI is taken.
    - The header shows nothing: the first of `told` that is known is taken.
    - A word of another family is passed by: the header is right.
    - Some families share every key and shape (Chroma and Flux, Kolors and SDXL). Where the most
      trusted word that means anything names such a stranger, the answer is UNKNOWN.

    Args:
        base: What the header shows.
        told: Names of base models, most trusted first; empty and unknown ones are passed by.
    """
    meaningful = [found for text in told if (found := _recognise(text))]
    if meaningful and meaningful[0][0] is BaseModel.UNKNOWN:
        mimics = meaningful[0][1]
        if base is BaseModel.UNKNOWN or mimics is base.family:
            return BaseModel.UNKNOWN
    result = base
    for named, _ in meaningful:
        narrower = result is BaseModel.SDXL and named.family is BaseModel.SDXL
        if narrower or result is BaseModel.UNKNOWN:
            result = named
    return result
