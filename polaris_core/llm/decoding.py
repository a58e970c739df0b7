"""Write a reply token by token: the likeliest that may come, watched by `progress`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from polaris_core.errors import LanguageModelProblem, PolarisError
from polaris_core.llm.constrained import Guide
from polaris_core.llm.loading import is_out_of_memory, out_of_memory
from polaris_core.llm.packages import required
from polaris_core.progress import Progress

__all__ = ["decode"]

_LAYERS = (".layers", ".blocks", ".layer", ".h")
"""What models call their layers, of text and of vision."""


def decode(
    model: Any,  # noqa: ANN401
    inputs: Any,  # noqa: ANN401
    *,
    stops: Sequence[int],
    never: Sequence[int],
    max_tokens: int,
    guide: Guide | None,
    progress: Progress,
) -> list[int]:
    """Let the model answer.

    Args:
        model: As transformers loaded it.
        inputs: Of one question: `input_ids` of shape `1 tokens`, and what else the model takes.
        stops: Tokens that end the reply.
        never: Tokens that are not written.
        max_tokens: The most that are written.
        guide: Says which tokens may come; those written are written into it.
        progress: Called before each layer that reads the question, and after each token.

    Returns:
        The tokens, with the one that ended them if one did.

    Raises:
        LanguageModelProblem: Memory ran out, or the model failed. What `progress` raises passes
            through unchanged.
    """
    torch, transformers = required("torch", "torch"), required("transformers", "transformers")
    said = _Said(progress, max_tokens)
    config = transformers.GenerationConfig(
        max_new_tokens=max_tokens,
        do_sample=False,
        num_beams=1,
        use_cache=True,
        eos_token_id=list(stops) or None,
        pad_token_id=stops[0] if stops else 0,
        suppress_tokens=list(never) or None,
    )
    moved = {name: _moved(value, model) for name, value in inputs.items()}
    try:
        with torch.inference_mode(), _before_layers(model, said.reading):
            tokens = model.generate(
                **moved,
                generation_config=config,
                logits_processor=transformers.LogitsProcessorList([_Choose(guide, said)]),
                stopping_criteria=transformers.StoppingCriteriaList([_Written(guide, stops)]),
            )
    except Exception as error:  # whatever a foreign model makes of a question
        if isinstance(error, PolarisError) or error is said.raised:
            raise
        if is_out_of_memory(error):
            raise out_of_memory() from error
        raise LanguageModelProblem("the language model failed", value=str(error)) from error
    return tokens[0, inputs["input_ids"].shape[1] :].tolist()


def _moved(value: Any, model: Any) -> Any:  # noqa: ANN401
    """A tensor where the model is, in its precision if it holds fractions."""
    return value.to(model.device, model.dtype if value.is_floating_point() else None)


class _Said:
    """Progress that remembers what it raised."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.raised: BaseException | None = None
        self._progress = progress
        self._total = total
        self._written = -1

    def reading(self) -> None:
        if self._written < 0:
            self._say("reading the question")

    def writing(self) -> None:
        self._written += 1
        self._say("writing the reply")

    def _say(self, what: str) -> None:
        try:
            self._progress(max(0, self._written), self._total, what)
        except BaseException as error:
            self.raised = error
            raise


class _Choose:
    """A logits processor: leaves the scores of what may come, all of them finite."""

    def __init__(self, guide: Guide | None, said: _Said) -> None:
        self._guide = guide
        self._said = said

    def __call__(self, input_ids: Any, scores: Any) -> Any:  # noqa: ANN401
        self._said.writing()
        if self._guide is None:
            return scores
        allowed = self._guide.allowed(scores.shape[-1])
        mask = required("torch", "torch").from_numpy(allowed).to(scores.device)
        return scores.nan_to_num().masked_fill(~mask, float("-inf"))


class _Written:
    """A stopping criterion: hands each token to the guide, and ends with it."""

    def __init__(self, guide: Guide | None, stops: Sequence[int]) -> None:
        self._guide = guide
        self._stops = frozenset(stops)

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:  # noqa: ANN401
        torch = required("torch", "torch")
        token = int(input_ids[0, -1])
        ended = token in self._stops
        if self._guide is not None and not ended:
            self._guide.write(token)
            ended = self._guide.finished
        return torch.tensor([ended], device=input_ids.device)


@contextmanager
def _before_layers(model: Any, call: Callable[[], None]) -> Generator[None]:  # noqa: ANN401
    """Call back before each layer while the question is read, which may take minutes on a CPU."""
    layers = [
        layer
        for name, module in model.named_modules()
        if f".{name}".endswith(_LAYERS)
        for layer in module.children()
    ]

    def before(_layer: object, _inputs: object) -> None:
        call()

    hooks = [layer.register_forward_pre_hook(before) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
