"""The instruction as conditioning, and which of its tokens are the words of an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_CHARACTERS = 2000
_ARTICLES = frozenset(
    ("a", "an", "another", "her", "his", "its", "my", "one", "our", "some", "the", "their", "your")
)
_ENCODERS = ("l", "g")
"""ComfyUI's names for the text encoders that these models have; both read the same tokens."""
_SAME_CHECKPOINT = "Take MODEL, CLIP and VAE of the same InstructPix2Pix checkpoint"


def positions(clip: Any, instruction: str, object_words: str) -> list[int]:
    """Where in the encoded instruction the object's words stand; articles are left out.

    Where the phrase is not there as a whole, its words are looked for one by one. Of several
    places the first counts.

    Raises:
        InvalidInput: The text encoder is another model's, the instruction is too long, or none of
            the words is in it.
    """
    from polaris_core.errors import InvalidInput

    tokens = _tokens(clip, instruction)
    words = [word for word in object_words.split() if word.lower() not in _ARTICLES]
    words = [word for word in words if any(map(str.isalnum, word))]
    found = _found(tokens, _words(clip, " ".join(words)))
    if not found:
        found = sorted({i for word in words for i in _found(tokens, _words(clip, word))})
    if not found:
        raise InvalidInput(
            "the instruction does not hold the words of the object",
            value=f"{object_words!r} in {instruction!r}",
            hint="Give them as they stand in the instruction",
        )
    return found


def encoded(model: Any, clip: Any, text: str) -> list[Any]:
    """CONDITIONING of a text, in which parentheses are plain characters.

    Raises:
        InvalidInput: The text encoder is another model's.
    """
    from polaris_core.errors import InvalidInput

    conditioning = clip.encode_from_tokens_scheduled(clip.tokenize(text, disable_weights=True))
    wanted = (len(_tokens(clip, text)), model.model.model_config.unet_config["context_dim"])
    for values, _ in conditioning:
        if tuple(values.shape[1:]) != wanted:
            raise InvalidInput(
                "the CLIP does not belong to the InstructPix2Pix model",
                value=f"text of shape {tuple(values.shape[1:])} instead of {wanted}",
                hint=_SAME_CHECKPOINT,
            )
    return conditioning


def _tokens(clip: Any, text: str) -> list[int | None]:
    """Numbers of the tokens; None where begin, end, padding or an embedding stands."""
    from polaris_core.errors import InvalidInput

    if len(text) > _MOST_CHARACTERS:
        raise InvalidInput(f"the text has more than {_MOST_CHARACTERS} characters", value=text)
    tokens = clip.tokenize(text, return_word_ids=True, disable_weights=True)
    parts = next((tokens[name] for name in _ENCODERS if name in tokens), None)
    if parts is None:
        raise InvalidInput(
            "the CLIP is not one of Stable Diffusion",
            value=", ".join(tokens),
            hint=_SAME_CHECKPOINT,
        )
    return [
        token if word and isinstance(token, int) else None
        for part in parts
        for token, _, word in part
    ]


def _words(clip: Any, text: str) -> list[int]:
    return [token for token in _tokens(clip, text) if token is not None]


def _found(tokens: Sequence[int | None], phrase: Sequence[int]) -> list[int]:
    """The positions of a phrase where it stands first."""
    for begin in range(len(tokens) - len(phrase) + 1 if phrase else 0):
        if list(tokens[begin : begin + len(phrase)]) == list(phrase):
            return list(range(begin, begin + len(phrase)))
    return []
