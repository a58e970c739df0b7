"""From texts to a tree of tokens.

Prefix and branches are tokenized apart, so that where one ends and the next begins never depends on
what a description says; and a description cannot write the tokenizer's control tokens: what looks
like one is read as the letters it is made of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from polaris_core.encoders.checks import checked_text
from polaris_core.errors import InvalidInput
from polaris_core.rerank.tree import Tokens, Tree

__all__ = ["Tokenizer", "tokens_of", "tree_of_texts"]

Tokenizer: TypeAlias = Any
"""A tokenizer of transformers."""


def tree_of_texts(
    tokenizer: Tokenizer,
    prefix: str,
    texts: Sequence[str],
    *,
    closing: str = "",
    sizes: Sequence[int | None] = (None,),
    answers: tuple[str, str] = ("yes", "no"),
) -> Tree:
    r"""A tree that asks one question about every text.

    Args:
        tokenizer: The model's own.
        prefix: What comes before every text: trusted, so control tokens may be written out, as the
            chat template does. The token that the model wants at the start is added if missing.
        texts: One per candidate; not trusted. What is beyond 65,536 characters is left out.
        closing: What follows each text, trusted: `"\nDoes it fit? Answer: "`.
        sizes: For each round how many tokens of a text are read at the most, `closing` not counted;
            None reads all.
        answers: Yes and no as the model would write them; each one token.

    Raises:
        InvalidInput: There is no text, a text and `closing` are both empty, a size is below 1, or
            an answer is more than one token.
    """
    if any(size is not None and size < 1 for size in sizes):
        raise InvalidInput("a round reads at least one token", value=list(sizes))
    end = _trusted(tokenizer, closing)
    read = tokens_of(tokenizer, texts)
    rounds = [[(*tokens[:size], *end) for tokens in read] for size in sizes]
    yes_and_no = [_one_token(tokenizer, answer) for answer in answers]
    return Tree.of(_with_start(tokenizer, _trusted(tokenizer, prefix)), rounds, yes_and_no)


def tokens_of(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """The tokens of texts that nobody vouches for; none of them is a control token."""
    marks = _marks(tokenizer)
    pieces = [_broken_up(checked_text(text), marks) for text in texts]
    flat = [piece for of_text in pieces for piece in of_text]
    if not flat:
        return []
    encoded = tokenizer(flat, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    control = _control(tokenizer)
    ids = iter(encoded)
    return [tuple(i for _ in of_text for i in next(ids) if i not in control) for of_text in pieces]


def _marks(tokenizer: Tokenizer) -> re.Pattern[str] | None:
    """What finds every token that was added to the vocabulary, control tokens among them."""
    added = [text for text in tokenizer.get_added_vocab() if len(text) > 1]
    added += [text for text in tokenizer.all_special_tokens if len(text) > 1]
    longest_first = sorted(set(added), key=lambda text: (-len(text), text))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _broken_up(text: str, marks: re.Pattern[str] | None) -> list[str]:
    """The text in pieces, none of which holds an added token; tokenized apart they stay so."""
    pieces: list[str] = []
    at = 0
    while marks is not None and (found := marks.search(text, at)):
        pieces.append(text[at : found.start() + 1])
        at = found.start() + 1
    return [*pieces, text[at:]]


def _control(tokenizer: Tokenizer) -> set[int]:
    """Ids that no text may bring in; the one for unknown letters is none of them."""
    return set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}


def _trusted(tokenizer: Tokenizer, text: str) -> Tokens:
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else ()


def _with_start(tokenizer: Tokenizer, tokens: Tokens) -> Tokens:
    start: int | None = tokenizer.bos_token_id
    if start is None or tokens[:1] == (start,) or tokenizer("a")["input_ids"][:1] != [start]:
        return tokens
    return (start, *tokens)


def _one_token(tokenizer: Tokenizer, answer: str) -> int:
    tokens = _trusted(tokenizer, answer)
    if len(tokens) != 1:
        raise InvalidInput(
            f"the answer must be one token and is {len(tokens)}",
            value=answer,
            hint="Choose a shorter word",
        )
    return tokens[0]
