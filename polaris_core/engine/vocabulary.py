"""CLIP's tokenizer without a download, from the vocabulary that open_clip ships.

open_clip's file lists the merges of a byte-pair encoding. The vocabulary follows from it: 256
bytes, the same at the end of a word, one token for each merge, and the two that begin and end a
text. That is what transformers' own `vocab.json` and `merges.txt` hold.
"""

from __future__ import annotations

import functools
import gzip
import importlib.util
import json
import tempfile
from pathlib import Path
from typing import Any

from polaris_core.encoders.checks import required
from polaris_core.errors import MissingDependency

__all__ = ["clip_tokenizer"]

_FILE = "bpe_simple_vocab_16e6.txt.gz"
_WORDS = 49408
_BEGIN, _END = "<|startoftext|>", "<|endoftext|>"
_END_OF_WORD = "</w>"
_LENGTH = 77


@functools.cache
def clip_tokenizer(pad: str = _END) -> Any:  # noqa: ANN401
    """The tokenizer of SD1.5's and SDXL's text encoders.

    Args:
        pad: The token that fills a text up, as text.

    Raises:
        MissingDependency: transformers or open_clip is not installed.
    """
    transformers = required("transformers", "transformers")
    merges = _merges()
    symbols = _byte_symbols()
    words = [*symbols, *(s + _END_OF_WORD for s in symbols)]
    words += ["".join(merge.split()) for merge in merges] + [_BEGIN, _END]
    with tempfile.TemporaryDirectory(prefix="polaris-") as name:
        folder = Path(name)
        vocabulary = {word: number for number, word in enumerate(words)}
        (folder / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
        (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), "utf-8")
        marks = {"bos_token": _BEGIN, "eos_token": _END, "unk_token": _END, "pad_token": pad}
        settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": _LENGTH, **marks}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
        return transformers.CLIPTokenizer.from_pretrained(name, local_files_only=True)


def _merges() -> list[str]:
    found = importlib.util.find_spec("open_clip")
    file = Path(found.origin).with_name(_FILE) if found and found.origin else None
    if file is None or not file.is_file():
        raise MissingDependency(
            "CLIP's vocabulary comes with open_clip, which is not installed",
            hint="Install it: pip install open_clip_torch",
        )
    lines = gzip.decompress(file.read_bytes()).decode("utf-8").split("\n")
    return lines[1 : 1 + _WORDS - 2 * 256 - 2]


def _byte_symbols() -> list[str]:
    """A printable character for each byte, in the order of the vocabulary.

    Bytes that print stand for themselves, in their order; the others come after, and borrow the
    characters from 256 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = 256 - len(printable)
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(others)]
