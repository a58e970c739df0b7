"""Load a chat model with transformers: nothing pickled, no code from the model's folder."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from polaris_core.errors import (
    InvalidInput,
    LanguageModelProblem,
    MissingDependency,
    PolarisError,
)
from polaris_core.llm.packages import required

__all__ = ["DTYPES", "Parts", "is_out_of_memory", "load_parts", "out_of_memory"]

DTYPES = ("auto", "bfloat16", "float16", "float32")
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
_AS_IT_STANDS = ("PreTrainedTokenizerFast", "TokenizersBackend")
"""Classes that read tokenizer.json and nothing else."""
_LOCAL = {"local_files_only": True, "trust_remote_code": False}
_CHAT = "Choose a model that was trained to chat, often called -Instruct or -it"


class Parts(NamedTuple):
    """A loaded model, frozen, and what goes with it."""

    model: Any
    tokenizer: Any
    processor: Any
    """Prepares pictures and texts together; None for a model without vision."""


def load_parts(folder: Path, dtype: str = "auto", device: str | None = None) -> Parts:
    """Load what lies in a folder.

    Args:
        folder: Complete, as `weights.find_model` gives it.
        dtype: One of `DTYPES`; auto is bfloat16 on a GPU that computes with it, float16 on an
            older one, float32 on a CPU.
        device: As torch names it; None takes a GPU where there is one.

    Raises:
        MissingDependency: A package that the model needs is not installed.
        InvalidInput: There is no such dtype.
        LanguageModelProblem: The folder holds no chat model that transformers knows, or it does
            not fit into memory.
    """
    if dtype not in DTYPES:
        raise InvalidInput("no such precision", value=dtype, hint=f"Choose of {', '.join(DTYPES)}")
    torch = required("torch", "torch")
    transformers = required("transformers", "transformers")
    required("llguidance", "llguidance")  # here rather than at the first question
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    with _foreign(folder), _without_bars(transformers):
        config = transformers.AutoConfig.from_pretrained(str(folder), **_LOCAL)
        auto, sees = _kind(transformers, config)
        processor = _processor(transformers, folder) if sees else None
        tokenizer = getattr(processor, "tokenizer", None) or _tokenizer(transformers, folder)
        _check_chat(transformers, folder, processor, tokenizer)
        model, report = auto.from_pretrained(
            str(folder),
            config=config,
            use_safetensors=True,
            dtype=getattr(torch, _dtype_on(torch, device) if dtype == "auto" else dtype),
            output_loading_info=True,
            **_LOCAL,
        )
        _check_complete(folder, report)
        model.generation_config = _stops_only(transformers, model.generation_config)
        return Parts(model.to(device).eval().requires_grad_(False), tokenizer, processor)


def _kind(transformers: Any, config: Any) -> tuple[Any, bool]:  # noqa: ANN401
    """The class that loads the model, and whether it may have vision."""
    if type(config) in transformers.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        return transformers.AutoModelForImageTextToText, True
    if type(config) in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
        return transformers.AutoModelForCausalLM, False
    raise LanguageModelProblem("this is no chat model", value=config.model_type, hint=_CHAT)


def _processor(transformers: Any, folder: Path) -> Any:  # noqa: ANN401
    if not any((folder / name).is_file() for name in _PROCESSORS):
        return None
    processor = transformers.AutoProcessor.from_pretrained(str(folder), **_LOCAL)
    return processor if hasattr(processor, "image_processor") else None


def _tokenizer(transformers: Any, folder: Path) -> Any:  # noqa: ANN401
    """As the folder says; transformers 5 would put another in the place of a Qwen2's own."""
    config = folder / "tokenizer_config.json"
    told: Any = json.loads(config.read_text("utf-8")) if config.is_file() else {}
    if told.get("tokenizer_class") in _AS_IT_STANDS and (folder / "tokenizer.json").is_file():
        return transformers.PreTrainedTokenizerFast.from_pretrained(str(folder), **_LOCAL)
    return transformers.AutoTokenizer.from_pretrained(str(folder), **_LOCAL)


def _check_chat(transformers: Any, folder: Path, processor: Any, tokenizer: Any) -> None:  # noqa: ANN401
    if not isinstance(tokenizer, transformers.PreTrainedTokenizerFast):
        raise LanguageModelProblem(
            "the model's tokenizer has no fast form",
            value=type(tokenizer).__name__,
            hint="Choose a model with a tokenizer.json",
        )
    if not (getattr(processor, "chat_template", None) or tokenizer.chat_template):
        raise LanguageModelProblem(
            "the model has no chat template",
            value=folder,
            hint=f"{_CHAT}; or put its chat_template.jinja into the folder",
        )


def _check_complete(folder: Path, report: Any) -> None:  # noqa: ANN401
    """What the files lack, transformers would fill with random numbers."""
    lacking = sorted(map(str, {*report["missing_keys"], *report["mismatched_keys"]}))
    if lacking:
        raise LanguageModelProblem(
            "the model's files lack weights",
            value=f"{folder}: {', '.join(lacking[:5])} ({len(lacking)} in all)",
            hint="Get the model again: hf download OWNER/NAME",
        )


def _stops_only(transformers: Any, told: Any) -> Any:  # noqa: ANN401
    """Of the folder's wishes for writing only where to stop: answers are not drawn by lot."""
    return transformers.GenerationConfig(
        eos_token_id=told.eos_token_id, pad_token_id=told.pad_token_id
    )


def _dtype_on(torch: Any, device: str) -> str:  # noqa: ANN401
    if device.partition(":")[0] != "cuda":
        return "float32"
    major, _ = torch.cuda.get_device_capability(device)
    return "bfloat16" if major >= 8 else "float16"


@contextmanager
def _foreign(folder: Path) -> Generator[None]:
    """Whatever foreign files make of another library becomes an error of ours."""
    try:
        yield
    except PolarisError:
        raise
    except ImportError as error:
        raise MissingDependency(
            "the language model needs a package that cannot be imported",
            value=str(error),
            hint="Install what the message names with pip install",
        ) from error
    except Exception as error:
        if is_out_of_memory(error):
            raise out_of_memory() from error
        raise LanguageModelProblem(
            "the language model cannot be loaded",
            value=f"{folder}: {error}",
            hint="A model newer than the installed transformers needs: pip install -U "
            "transformers. One that brings code of its own is never run; choose another",
        ) from error


@contextmanager
def _without_bars(transformers: Any) -> Generator[None]:  # noqa: ANN401
    logging = transformers.utils.logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of the machine or of its GPU."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and any(s in str(error).lower() for s in ("out of memory", "can't allocate memory"))
    )


def out_of_memory() -> LanguageModelProblem:
    """What to say then."""
    return LanguageModelProblem(
        "the language model ran out of memory",
        hint="Choose a smaller one, such as Qwen/Qwen2.5-VL-3B-Instruct, or ask a server",
    )
