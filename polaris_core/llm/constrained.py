"""Replies held to a JSON schema while they are written, whatever the model would rather say.

    schema ─▶ grammar ─▶ Guide: before each token, which tokens may come
                 └─────▶ completed: a short end for a reply that was cut off

So a reply obeys the schema even of a model that says nothing but nonsense, and even where its
tokens run out in the midst of a word: what is missing is then written by the grammar alone.

llguidance does it. It was compared with the other two well-kept libraries on an intent's schema
(strings of up to 400 characters, lists of up to 12) and a vocabulary of 150,000, on one core:

    library          per model   per schema   per token   memory   on disk   brings along
    llguidance 1.9   1.4 s       0.006 s      0.4 ms      0.7 GB    8 MB     nothing
    xgrammar 0.2.8   0.5 s       9.7 s        2.6 ms      0.7 GB   17 MB     tvm-ffi, triton
    outlines 1.3.3   0.6 s       119 s        0.4 ms      9.4 GB    6 MB     9 packages

The other two unroll bounded strings into states. outlines leaves bounds of numbers out without a
word; llguidance refuses a keyword that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polaris_core.errors import InvalidInput, LanguageModelProblem
from polaris_core.llm.packages import required

__all__ = ["Guide", "completed", "vocabulary"]

_ESCAPES = '"\\nt'
"""Of JSON strings. Without \\u nothing can be half a character; all of Unicode goes unescaped."""
_OPTIONS = {"whitespace_flexible": False, "json_allowed_escapes": _ESCAPES}

_BYTES = 245
"""No byte of UTF-8 is larger than 244."""
_IN_STRING = b'"abcdefghijklmnopqrstuvwxyz'
_OUTSIDE = b'}],:"0123456789nft[{'
"""What ends a reply soonest, most wanted first."""
_LONGEST_END = 1 << 16


def vocabulary(tokenizer: Any, width: int, stops: Sequence[int]) -> Any:  # noqa: ANN401
    """A tokenizer as the grammar needs it; takes about a second for a large one.

    Args:
        tokenizer: A fast tokenizer of transformers.
        width: How many tokens the model scores, which may be more than the tokenizer has.
        stops: The tokens that end a reply.
    """
    module = required("llguidance.hf", "llguidance")
    return module.from_tokenizer(tokenizer, max(width, len(tokenizer)), list(stops))


class Guide:
    """The grammar of one reply that is being written."""

    def __init__(self, schema: Mapping[str, Any], vocabulary: Any) -> None:  # noqa: ANN401
        """Begin a reply.

        Raises:
            InvalidInput: The schema cannot be enforced.
        """
        self._schema = schema
        self._vocabulary = vocabulary
        self._matcher = _matcher(schema, vocabulary)
        self._written: list[int] = []

    @property
    def finished(self) -> bool:
        """Whether nothing more may be written."""
        return bool(self._matcher.is_stopped())

    def write(self, token: int) -> None:
        """Take a token into the reply.

        Raises:
            LanguageModelProblem: It is none that may come.
        """
        if not self._matcher.consume_token(token):
            raise LanguageModelProblem("the reply left its schema", value=self._matcher.get_error())
        self._written.append(token)

    def allowed(self, width: int) -> NDArray[np.bool_]:
        """Which tokens may come next; those that end a reply only when it may end.

        Args:
            width: How many tokens the model scores.

        Returns:
            Shape `width`, at least one true.

        Raises:
            LanguageModelProblem: The grammar grew too complex, or the model has no such token.
        """
        bits = np.unpackbits(_allowed(self._matcher), bitorder="little")[:width].astype(bool)
        if not bits.any():
            raise LanguageModelProblem("the model has no token that may come next")
        return np.pad(bits, (0, width - len(bits)))

    def text(self) -> str:
        """The reply, valid under the schema; where it was cut off, with a short end.

        Raises:
            LanguageModelProblem: There is no end of it.
        """
        written = self._vocabulary.decode_bytes(self._written)
        return completed(self._schema, written.decode("utf-8", "ignore"))


def completed(schema: Mapping[str, Any], text: str) -> str:
    """The beginning of a valid reply with a short end that makes it whole.

    Strings and lists are closed, what is required is filled in, and nothing is added beyond. The
    next byte is the first of a fixed order that the grammar lets through.

    Raises:
        InvalidInput: The schema cannot be enforced.
        LanguageModelProblem: The text is no beginning of a valid reply, or has no end of 64 KiB.
    """
    matcher = _matcher(schema, _byte_vocabulary())
    reply = bytearray(text.encode())
    if matcher.try_consume_tokens(list(reply)) < len(reply):
        raise LanguageModelProblem("the reply left its schema", value=text)
    in_string = escaped = False
    for byte in reply:
        in_string, escaped = _after(byte, in_string, escaped)
    for _ in range(_LONGEST_END):
        if matcher.is_accepting():
            return reply.decode()
        byte = _next(matcher, _IN_STRING if in_string else _OUTSIDE)
        matcher.consume_token(byte)
        reply.append(byte)
        in_string, escaped = _after(byte, in_string, escaped)
    raise LanguageModelProblem("a reply of this schema need not end", value=text)


def _after(byte: int, in_string: bool, escaped: bool) -> tuple[bool, bool]:
    """Whether the next byte of JSON stands in a string, and after a backslash."""
    if escaped:
        return in_string, False
    if byte == ord('"'):
        return not in_string, False
    return in_string, in_string and byte == ord("\\")


def _next(matcher: Any, wanted: bytes) -> int:  # noqa: ANN401
    bits = np.unpackbits(_allowed(matcher), bitorder="little")[:_BYTES]
    best = next((byte for byte in wanted if bits[byte]), None)
    return int(bits.argmax()) if best is None else best


def _matcher(schema: Mapping[str, Any], vocabulary: Any) -> Any:  # noqa: ANN401
    kind = required("llguidance", "llguidance").LLMatcher
    grammar = kind.grammar_from_json_schema(dict(schema), overrides=_OPTIONS)
    matcher = kind(vocabulary, grammar, log_level=0)
    if matcher.is_error():
        raise InvalidInput("the schema cannot be enforced", value=matcher.get_error())
    return matcher


def _allowed(matcher: Any) -> NDArray[np.uint8]:  # noqa: ANN401
    bits = np.frombuffer(matcher.compute_bitmask(), np.uint8)
    if matcher.is_error():
        raise LanguageModelProblem("the grammar gave up", value=matcher.get_error())
    return bits


class _Bytes:
    """The vocabulary of single bytes, as llguidance wraps one."""

    eos_token_id = _BYTES
    bos_token_id = None
    tokens = (*(bytes([i]) for i in range(_BYTES)), b"<end>")
    special_token_ids = (_BYTES,)

    def __call__(self, text: bytes) -> list[int]:
        return list(text)


def _byte_vocabulary() -> Any:  # noqa: ANN401
    module = required("llguidance", "llguidance")
    return module.LLTokenizer(module.TokenizerWrapper(_Bytes()), slices=[])
