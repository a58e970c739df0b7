"""A chat model on this machine, loaded with transformers, with vision or without.

    Question ─▶ chat_prompt ─▶ tokens, pixels ─▶ decoding ─▶ reply
                                                 ▲
                                                 └─ constrained, if there is a schema

Where the weights lie is found by `weights`, and `loading` makes a model of them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polaris_core.errors import LanguageModelProblem
from polaris_core.llm.base import Message, Question
from polaris_core.llm.chat_prompt import after_reply, control_words, harmless, write_prompt
from polaris_core.llm.constrained import Guide, vocabulary
from polaris_core.llm.decoding import decode
from polaris_core.llm.loading import Parts, load_parts
from polaris_core.llm.pictures import fitted
from polaris_core.llm.thinking import part_thinking
from polaris_core.llm.weights import find_model
from polaris_core.progress import Progress, silent

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["TransformersModel"]


class TransformersModel:
    """A ChatModel that answers on this machine. It answers one question at a time.

    Attributes:
        model: As transformers loaded it: frozen, in evaluation mode.
        tokenizer: Its fast tokenizer.
    """

    def __init__(self, name: str, parts: Parts) -> None:
        """Take a loaded model; `load` loads one.

        Args:
            name: What the user calls it.
            parts: From `loading.load_parts`.
        """
        self.model = parts.model
        self.tokenizer = parts.tokenizer
        self._name = name
        self._processor = parts.processor
        self._lock = threading.Lock()
        self._vocabulary: Any = None
        self._controls = _control_tokens(self.tokenizer)
        self._marks = control_words(self._prompt([Message("user", "?", (_blank(),))]))
        self._stops = self._find_stops()

    @classmethod
    def load(
        cls,
        where: str,
        *,
        name: str = "",
        dtype: str = "auto",
        device: str | None = None,
        download: bool = False,
        progress: Progress = silent,
    ) -> TransformersModel:
        """Load a model; only safetensors are read, and no code of the model's is run.

        Args:
            where: A folder, or OWNER/NAME on the hub, looked up in its cache on this machine; for
                instance Qwen/Qwen2.5-VL-7B-Instruct.
            name: What the user calls it; `where` by default.
            dtype: auto, bfloat16, float16 or float32. auto is bfloat16 on a GPU that computes with
                it, float16 on an older one, float32 on a CPU.
            device: As torch names it; None takes a GPU where there is one.
            download: Whether a hub model that is not in the cache may be fetched.
            progress: Called while files are fetched, and around loading.

        Raises:
            InvalidInput: `where` or `dtype` is no such thing.
            MissingDependency: A package that the model needs is not installed.
            MissingWeights: The weights are not on this machine.
            LanguageModelProblem: They are no chat model that transformers knows, or do not fit
                into memory.
        """
        folder = find_model(where, download=download, progress=progress)
        progress(0, 1, f"loading {name or where}")
        parts = load_parts(folder, dtype, device)
        progress(1, 1, f"loading {name or where}")
        return cls(name or where, parts)

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self._name

    @property
    def sees_pictures(self) -> bool:
        """Whether it has vision."""
        return self._processor is not None

    def reply(self, question: Question, progress: Progress = silent) -> str:
        """Answer a question, always taking the likeliest token.

        With a schema the reply is valid under it, whatever the model would say; a reply that is
        cut off by `max_tokens` is given a short valid end.

        Raises:
            LanguageModelProblem: The question is longer than the model reads, memory ran out, or
                the model failed.
            InvalidInput: The schema cannot be enforced.
            Cancelled: `progress` raised it; whatever else it raises passes through as well.
        """
        inputs = self._inputs(question)
        with self._lock:
            guide = None if question.schema is None else self._guide(question.schema)
            tokens = decode(
                self.model,
                inputs,
                stops=self._stops,
                never=self._thinks,
                max_tokens=question.max_tokens,
                guide=guide,
                progress=progress,
            )
        if guide is not None:
            return guide.text()
        return part_thinking(self.tokenizer.decode(tokens, skip_special_tokens=True)).answer

    def _inputs(self, question: Question) -> Any:  # noqa: ANN401
        """What the model takes: token numbers of shape `1 tokens`, pixels, and the like."""
        messages = [
            replace(m, text=harmless(m.text, self._marks, self._find_controls))
            for m in question.messages
        ]
        pictures = [fitted(p) for m in messages for p in m.pictures]
        prompt = self._prompt(messages)
        options: dict[str, Any] = {"add_special_tokens": False, "return_tensors": "pt"}
        try:
            if self._processor is None:
                inputs = self.tokenizer([prompt], return_token_type_ids=False, **options)
            else:
                inputs = self._processor(text=[prompt], images=pictures or None, **options)
        except Exception as error:  # whatever a foreign processor makes of it
            raise LanguageModelProblem(
                "the language model cannot read the question", value=str(error)
            ) from error
        self._check_length(inputs["input_ids"].shape[1], question.max_tokens)
        return inputs

    def _check_length(self, asked: int, answered: int) -> None:
        most = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        if most and asked + answered > most:
            raise LanguageModelProblem(
                "the question is too long for the language model",
                value=f"{asked} tokens, and {answered} for the reply, of {most}",
                hint="Shorten it, or choose a model with a longer context",
            )

    def _prompt(self, messages: Sequence[Message]) -> str:
        return write_prompt(self._render, messages, sees_pictures=self.sees_pictures)

    def _render(self, turns: list[dict[str, Any]], asks: bool) -> str:
        return self.tokenizer.apply_chat_template(
            turns,
            chat_template=getattr(self._processor, "chat_template", None),
            tokenize=False,
            add_generation_prompt=asks,
            enable_thinking=False,
        )

    def _find_controls(self, text: str) -> list[tuple[int, int]]:
        """Where a text holds control tokens, in characters."""
        read = self.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        pairs = zip(read["input_ids"], read["offset_mapping"], strict=True)
        return [place for token, place in pairs if token in self._controls]

    def _find_stops(self) -> list[int]:
        """What ends a reply: by the model's settings, and by its template."""
        told = self.model.generation_config.eos_token_id
        stops: set[Any] = {*told} if isinstance(told, list) else {told}
        ending = self.tokenizer(after_reply(self._render), add_special_tokens=False)["input_ids"]
        stops |= {self.tokenizer.eos_token_id, *(t for t in ending[:1] if t in self._controls)}
        return sorted(stops - {None})

    @property
    def _thinks(self) -> list[int]:
        """The token by which a model would begin to think aloud, if it has one."""
        return [i for i, t in self.tokenizer.added_tokens_decoder.items() if t.content == "<think>"]

    def _guide(self, schema: Mapping[str, Any]) -> Guide:
        if self._vocabulary is None:
            width = getattr(self.model.config.get_text_config(), "vocab_size", 0)
            self._vocabulary = vocabulary(self.tokenizer, width, self._stops)
        return Guide(schema, self._vocabulary)


def _control_tokens(tokenizer: Any) -> frozenset[int]:  # noqa: ANN401
    """Tokens that mean something to the model: the special ones, and those in brackets."""
    return frozenset(
        number
        for number, token in tokenizer.added_tokens_decoder.items()
        if token.special or (token.content[:1] in "<[" and token.content[-1:] in ">]")
    )


def _blank() -> Image:
    from PIL import Image

    return Image.new("RGB", (32, 32))
