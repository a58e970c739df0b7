"""A process of its own that brings a zoo's indices up to date: HOME LOG PAUSE [CHANGES].

For every text that it embeds it adds one byte to LOG, and waits PAUSE seconds. With CHANGES it goes
on to change, add and remove entries and to index them, so many times.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import replace
from pathlib import Path

from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.hashing import HashingEncoder
from polaris_core.retrieval import kind_index, parts
from polaris_core.retrieval.zoo import Zoo

DIM = 32


class LoggingEncoder(HashingEncoder):
    """Says how much it was asked."""

    def __init__(self, log: Path, pause_s: float) -> None:
        super().__init__(DIM)
        self._log, self._pause_s = log, pause_s

    def encode_texts(self, texts, progress=lambda *_: None):
        time.sleep(self._pause_s * len(texts))
        rows = super().encode_texts(texts)
        with self._log.open("ab") as file:
            file.write(b"." * len(texts))
        return rows


def made(number: int, chance: random.Random) -> Entry:
    """An entry with a file, the same model whenever its number is the same."""
    words = chance.sample(["fox", "castle", "ink", "robot", "river", "velvet", "neon"], 3)
    kind = Kind.CHECKPOINT if number % 9 == 0 else Kind.LORA
    return Entry(
        f"{words[0]} {number}",
        kind,
        base_model=BaseModel.SD15,
        tags=(words[1],),
        description=" ".join(words) * 3,
        root="/models",
        file=f"{number}.safetensors",
    )


def main() -> None:
    home, log, pause_s, *changes = sys.argv[1:]
    kind_index._CHANGES_PER_SEGMENT, parts._ENTRIES_PER_BATCH = 64, 8
    with Zoo.open(Path(home), Encoders(LoggingEncoder(Path(log), float(pause_s)))) as zoo:
        print("open", flush=True)
        zoo.state()
        chance = random.Random()
        for _ in range(int(changes[0]) if changes else 0):
            several = [made(chance.randrange(900), chance) for _ in range(chance.randrange(1, 90))]
            zoo.store.add({entry.file: entry for entry in several}.values())
            [old] = zoo.store.entries(chance.choices([e.id for e in zoo.store.all()], k=1))
            zoo.store.add([replace(old, description=f"{old.description} again")])
            with zoo.store.writing() as connection:
                connection.execute("DELETE FROM entries WHERE id = ?", (old.id - 1,))
                connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
            zoo.state()
    print("done", flush=True)


if __name__ == "__main__":
    main()
