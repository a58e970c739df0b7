"""LoRAs on a diffusers pipeline, by diffusers' own loader."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polaris_core.encoders.checks import required
from polaris_core.engine.layout import Layout
from polaris_core.errors import IncompatibleAdapter
from polaris_core.planning.plan import LoraStep

__all__ = ["applied"]

_LOGGERS = ("transformers", "diffusers", "peft")


@contextmanager
def applied(
    pipeline: Any,  # noqa: ANN401
    layout: Layout,
    loras: Sequence[tuple[LoraStep, Path]],
) -> Generator[None]:
    """The pipeline with LoRAs on it; they are taken off again at the end.

    Args:
        pipeline: Of diffusers; it must have none.
        layout: Its parts.
        loras: The plan's steps and their files; each is applied by its own strengths.

    Raises:
        IncompatibleAdapter: A LoRA fits no layer, or is of a form that diffusers does not read.
    """
    parts = ("unet", *(text.part for text in layout.texts))
    names = [f"polaris_{number}" for number in range(len(loras))]
    try:
        for name, (step, path) in zip(names, loras, strict=True):
            _load(pipeline, name, step, path)
        if names:
            _set_strengths(pipeline, parts, names, [step for step, _ in loras])
        yield
    finally:
        if names:
            pipeline.unload_lora_weights()


def _set_strengths(
    pipeline: Any,  # noqa: ANN401
    parts: Sequence[str],
    names: Sequence[str],
    steps: Sequence[LoraStep],
) -> None:
    with _quiet():  # about parts that a LoRA does not change
        pipeline.set_adapters(
            list(names),
            [
                {part: s.strength_model if part == "unet" else s.strength_clip for part in parts}
                for s in steps
            ],
        )


def _load(pipeline: Any, name: str, step: LoraStep, path: Path) -> None:  # noqa: ANN401
    load_file = required("safetensors.torch", "safetensors").load_file
    try:
        with _quiet():
            pipeline.load_lora_weights(load_file(path), adapter_name=name)
    except (ValueError, KeyError, RuntimeError, TypeError, IndexError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise IncompatibleAdapter(
            f"diffusers cannot apply a LoRA of the plan ({reason})",
            value=step.pick.file,
            hint=f"Ban it with --pin='-{step.pick.file}'; ComfyUI may be able to apply it",
        ) from error
    if name not in {n for names in pipeline.get_list_adapters().values() for n in names}:
        raise IncompatibleAdapter(
            "no weight of the LoRA fits this checkpoint",
            value=step.pick.file,
            hint=f"Ban it with --pin='-{step.pick.file}'",
        )


@contextmanager
def _quiet() -> Generator[None]:
    """No reports of what a LoRA does not touch: it touches few layers by its nature."""
    transformers = required("transformers", "transformers")
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    bars = transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if bars:
            transformers.utils.logging.enable_progress_bar()
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
