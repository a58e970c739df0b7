"""A prompt as ComfyUI reads it: words with weights, in pieces that a text encoder takes.

`(fox)` weighs a tenth more, `(fox:0.7)` that much, parentheses may be nested, and a backslash
before a parenthesis makes it an ordinary character. An encoder takes 75 tokens at once; of longer
prompts each piece is read alone and what is read is joined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["Piece", "in_pieces", "weighted_words"]

Piece = list[tuple[int, float]]
"""Tokens and their weights, as many as the encoder takes."""

_LENGTH = 77
_STRONGER = 1.1
_WORD_TOKENS = 8
"""So many tokens of one weight may be torn apart between pieces; fewer are kept together."""
_OPEN, _CLOSE = "\0\2", "\0\1"
"""What escaped parentheses are while others are looked for."""


def weighted_words(prompt: str) -> list[tuple[str, float]]:
    """Stretches of a prompt, and how much each counts."""
    hidden = prompt.replace("\\)", _CLOSE).replace("\\(", _OPEN)
    return [
        (text.replace(_CLOSE, ")").replace(_OPEN, "("), weight)
        for text, weight in _weigh(hidden, 1.0)
    ]


def _weigh(text: str, weight: float) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for part in _parts(text):
        if not (len(part) >= 2 and part.startswith("(") and part.endswith(")")):
            found.append((part, weight))
            continue
        inside, own = part[1:-1], weight * _STRONGER
        colon = inside.rfind(":")
        if colon > 0:
            try:
                own = float(inside[colon + 1 :])
                inside = inside[:colon]
            except ValueError:  # an ordinary colon
                pass
        found += _weigh(inside, own)
    return found


def _parts(text: str) -> list[str]:
    """The text cut around its outermost parentheses; a lone closing one shifts the count."""
    parts: list[str] = []
    current, depth = "", 0
    for character in text:
        if character == "(":
            if depth == 0 and current:
                parts.append(current)
                current = ""
            depth += 1
        current += character
        if character == ")":
            depth -= 1
            if depth == 0:
                parts.append(current)
                current = ""
    return [*parts, current] if current else parts


def in_pieces(
    words: Sequence[tuple[str, float]],
    tokenize: Callable[[str], Sequence[int]],
    *,
    begin: int,
    end: int,
    pad: int,
) -> list[Piece]:
    """Tokens of weighted words in pieces of 77, each begun, ended and filled up.

    Args:
        words: Stretches with their weights.
        tokenize: The tokens of a stretch, without those that begin and end a text.
        begin: The token that begins a piece.
        end: The token that ends its text.
        pad: The token that fills it up.
    """
    pieces: list[Piece] = [[(begin, 1.0)]]
    for text, weight in words:
        tokens = [(token, weight) for token in tokenize(text)] if text else []
        may_be_torn = len(tokens) >= _WORD_TOKENS
        while tokens:
            room = _LENGTH - 1 - len(pieces[-1])
            if len(tokens) > room:
                if may_be_torn:
                    pieces[-1] += tokens[:room]
                    tokens = tokens[room:]
                pieces.append([(begin, 1.0)])
            else:
                pieces[-1] += tokens
                tokens = []
    for piece in pieces:
        piece.append((end, 1.0))
        piece += [(pad, 1.0)] * (_LENGTH - len(piece))
    return pieces
