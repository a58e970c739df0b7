"""Machines with files of their own, and pictures as ComfyUI saves them."""

from __future__ import annotations

import io
import json
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from polaris_core.catalogue import fingerprints
from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.catalogue.store import Store

SOURCE = "https://example.org/wash"
GOLDEN = Path(__file__).parents[2] / "golden" / "plans" / "watercolor_fox.json"
PLAN = GOLDEN.read_text("utf-8")


class Machine:
    """A catalogue over real files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.open(folder / "catalogue.sqlite")
        self.hashed_files: list[str] = []

    def put(self, kind: Kind, file: str, content: bytes, name: str) -> Entry:
        path = self.folder / f"{kind.value}s" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        entry = Entry(
            name,
            kind,
            BaseModel.SD15,
            Role.STYLE,
            root=str(self.folder / f"{kind.value}s"),
            file=file,
            size_bytes=len(content),
            modified_ns=path.stat().st_mtime_ns,
            source=SOURCE,
        )
        [id] = self.store.add([entry])
        return self.store.entry(id)

    def hashed(self, entry: Entry) -> Entry:
        if not entry.sha256:
            self.hashed_files.append(entry.file)
        return fingerprints.hashed(self.store, entry)


def saved_by_the_host(info: dict) -> bytes:
    """A PNG as ComfyUI's SaveImage writes it."""
    chunks = PngInfo()
    for name, value in info.items():
        chunks.add_text(name, json.dumps(value))
    content = io.BytesIO()
    Image.new("RGB", (4, 4)).save(content, "PNG", pnginfo=chunks)
    return content.getvalue()
