"""How long a whole retrieval takes in a large zoo: both levels, all slots, without the encoder.

6,500 checkpoints and 75,000 LoRAs that do not exist: their texts are drawn from a vocabulary whose
words are as unequally common as those of a language (Zipf), their vectors lie in clusters (384
values for text, 768 for pictures). The encoder's answers are prepared, everything else is done as
for a user: filters, vectors, words, fusion, neighbourhood, reading entries, reasons.

The first run makes the zoo (some minutes); later ones find it in the cache.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Maturity, Role
from polaris_core.encoders.base import Embeddings, Encoders, RGBImage
from polaris_core.errors import IndexProblem
from polaris_core.index.persist import open_index, save_index
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.kind_index import KindIndex
from polaris_core.retrieval.lexical import WordIndex, WordIndexBuilder, WordSegment
from polaris_core.retrieval.shortlist import SlotName
from polaris_core.retrieval.two_level import retrieve_checkpoints, retrieve_loras
from polaris_core.retrieval.zoo import Zoo, ZooState, facts_of

SIZES = {Kind.CHECKPOINT: 6_500, Kind.LORA: 75_000}
TEXT_DIM, PICTURE_DIM, CLUSTERS = 384, 768, 400
SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
VOCABULARY = 40_000
ROUNDS = 15


class PreparedEncoder:
    """Answers at once: a text's or a picture's vector is drawn once and kept."""

    def __init__(self, name: str, dim: int, centres: Embeddings) -> None:
        self.name, self.dim, self._centres = name, dim, centres
        self._drawn: dict[str, Embeddings] = {}

    def encode_texts(self, texts: Sequence[str], progress: Progress = silent) -> Embeddings:
        """A vector for each text."""
        return np.stack([self._vector(text) for text in texts])

    def encode_images(self, images: Sequence[RGBImage], progress: Progress = silent) -> Embeddings:
        """A vector for each picture."""
        return np.stack([self._vector(str(image.sum())) for image in images])

    def _vector(self, content: str) -> Embeddings:
        if content not in self._drawn:
            rng = np.random.default_rng(list(content.encode()))
            self._drawn[content] = clustered(self._centres, 1, rng)[0]
        return self._drawn[content]


class PreparedZoo(Zoo):
    """A zoo whose indices were made here."""

    prepared: ZooState

    def state(self, progress: Progress = silent) -> ZooState:
        """What was made."""
        return self.prepared


def main() -> int:
    """Measure, print a table and, if asked, JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--json", action="store_true", help="also print one JSON object")
    options = parser.parse_args()
    with prepared_zoo(options.cache) as zoo:
        times: dict[str, list[float]] = {}
        picture = np.full((64, 64, 3), 99, np.uint8)
        for what, intent, seen in requests(picture):
            retrieve(zoo, intent, seen)
            for _ in range(ROUNDS):
                start = time.perf_counter()
                retrieve(zoo, intent, seen)
                times.setdefault(what, []).append(1000 * (time.perf_counter() - start))
    print("request                      p50 ms   worst ms")
    for what, spent in times.items():
        print(f"{what:28} {np.median(spent):6.1f}   {max(spent):8.1f}")
    p50 = float(np.median([ms for spent in times.values() for ms in spent]))
    print(f"{'all':28} {p50:6.1f}")
    if options.json:
        print(json.dumps({"p50_ms": round(p50, 2)}))
    return 0


def retrieve(zoo: Zoo, intent: EditIntent, picture: RGBImage | None) -> None:
    """Both levels, as the nodes do it."""
    found = retrieve_checkpoints(zoo, intent, picture=picture)
    best = found.best(SlotName.CHECKPOINT)
    assert best is not None
    base = best.entry.base_model
    retrieve_loras(zoo, intent, base=base, checkpoint=best.entry, picture=picture)


def requests(picture: RGBImage) -> list[tuple[str, EditIntent, RGBImage | None]]:
    """The kinds of request that ask different halves."""
    a, b, c, d = (word_of(rank) for rank in (40, 300, 2_000, 15))
    both = Topics(f"{a} {b}", (f"{c} {d}",))
    several = Topics(f"{a} {b}", (f"{c} {d}", f"{b} {c}", a))
    change, new = InstructionType.CATEGORY_CHANGE, InstructionType.NEW_PICTURE
    return [
        ("a style and a thing", intent(change, both, styled=True), picture),
        ("a style and three things", intent(change, several, styled=True), picture),
        ("a thing, the picture's look", intent(change, Topics("", (f"{c} {d}",))), picture),
        ("a new picture, by text", intent(new, both, styled=True), None),
    ]


def intent(kind: InstructionType, topics: Topics, styled: bool = False) -> EditIntent:
    """An intent as the parser would give it."""
    prompt = ", ".join((*topics.objects, topics.style))
    return EditIntent(prompt, kind, styled, generation_prompt=prompt, topics=topics)


def prepared_zoo(home: Path) -> PreparedZoo:
    """The zoo from the cache, or made."""
    rng = np.random.default_rng(7)
    centres = {dim: unit(rng.standard_normal((CLUSTERS, dim))) for dim in (TEXT_DIM, PICTURE_DIM)}
    text = PreparedEncoder("prepared-text", TEXT_DIM, centres[TEXT_DIM])
    image = PreparedEncoder("prepared-picture", PICTURE_DIM, centres[PICTURE_DIM])
    zoo = PreparedZoo.open(home, Encoders(text, image))
    assert isinstance(zoo, PreparedZoo)
    if len(zoo.store.columns().ids) != sum(SIZES.values()):
        print("making the zoo", file=sys.stderr, flush=True)
        zoo.store.add(entry for kind, count in SIZES.items() for entry in entries(kind, count))
    columns = zoo.store.columns()
    kinds: dict[Kind, KindIndex] = {}
    for kind in SIZES:
        ids = columns.ids[columns.is_kind(kind)]
        kinds[kind] = KindIndex(
            words_of(zoo, home / f"{kind.value}-words", kind),
            vectors_of(home / f"{kind.value}-text", ids, centres[TEXT_DIM], text.name),
            vectors_of(home / f"{kind.value}-picture", ids, centres[PICTURE_DIM], image.name),
        )
    facts = {kind: facts_of(columns, kind) for kind in SIZES}
    zoo.prepared = ZooState(zoo.store.key(), kinds, facts)
    return zoo


def words_of(zoo: Zoo, folder: Path, kind: Kind) -> WordIndex:
    """The words of all entries."""
    try:
        return WordIndex([WordSegment.open(folder)])
    except IndexProblem:
        print(f"indexing the words of {kind.value}s", file=sys.stderr, flush=True)
        builder = WordIndexBuilder()
        for entry in zoo.store.all(kind):
            builder.add(entry)
        builder.finish().save(folder)
        return WordIndex([WordSegment.open(folder)])


def vectors_of(folder: Path, ids: npt.NDArray[np.int64], centres: Embeddings, name: str) -> object:
    """Clustered vectors."""
    try:
        return open_index(folder, name)
    except IndexProblem:
        rng = np.random.default_rng(len(ids))
        return save_index(folder, ids, clustered(centres, len(ids), rng), name)


def clustered(centres: Embeddings, count: int, rng: np.random.Generator) -> Embeddings:
    """Unit vectors around centres, cosine about 0.7 with their own."""
    noise = unit(rng.standard_normal((count, centres.shape[1])))
    return unit(centres[rng.integers(0, len(centres), count)] + noise)


def unit(rows: npt.NDArray[np.floating]) -> Embeddings:
    """Rows of unit length."""
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def entries(kind: Kind, count: int) -> list[Entry]:
    """Entries of this kind."""
    rng = np.random.default_rng(count)
    bases = [BaseModel.SD15, BaseModel.SDXL, BaseModel.PONY, BaseModel.FLUX]
    base = rng.choice(len(bases), count, p=[0.55, 0.2, 0.15, 0.1])
    roles = list(Role)
    role = rng.integers(0, len(roles), count)
    ranks = np.minimum(rng.zipf(1.25, (count, 150)), VOCABULARY)
    made: list[Entry] = []
    for number in range(count):
        words = [word_of(int(rank)) for rank in ranks[number]]
        made.append(
            Entry(
                name=" ".join(words[:3]).title(),
                kind=kind,
                base_model=bases[base[number]],
                role=Role.STYLE if kind is Kind.CHECKPOINT else roles[role[number]],
                trigger_words=tuple(words[3:5]),
                tags=tuple(words[5:11]),
                description=" ".join(words[11:90]),
                example_prompts=(", ".join(words[90:120]), ", ".join(words[120:150])),
                maturity=Maturity.PG,
                root="/zoo",
                file=f"{kind.value}/{number}.safetensors",
                size_bytes=1,
            )
        )
    return made


def word_of(rank: int) -> str:
    """The word of this rank, 1 being the commonest; short words are common."""
    word = ""
    while rank:
        rank, rest = divmod(rank, len(SYLLABLES))
        word += SYLLABLES[rest]
    return word


def default_cache() -> Path:
    """Where the zoo is kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "polaris-zoo" / "retrieval-speed"


if __name__ == "__main__":
    sys.exit(main())
