"""No path from a request touches the disk outside the model folders, whatever is tried."""

from __future__ import annotations

import os
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Maturity, Preview, Role
from polaris_core.catalogue.store import Store
from polaris_core.errors import BrokenPreview, UnknownModel
from polaris_core.page.addresses import ADDRESSES
from polaris_core.page.cards import shown_preview
from polaris_core.page.thumbnail_cache import ThumbnailCache
from polaris_core.page.thumbnails import thumbnail

TRICKS = [
    pytest.param("../../../etc/passwd", id="up"),
    pytest.param("..%2f..%2f..%2fetc%2fpasswd", id="encoded slashes"),
    pytest.param("%2e%2e/%2e%2e/etc/passwd", id="encoded dots"),
    pytest.param("%252e%252e%252fetc%252fpasswd", id="encoded twice"),
    pytest.param("..%c0%af..%c0%afetc%c0%afpasswd", id="overlong slashes"),
    pytest.param("..%5c..%5cwindows%5cwin.ini", id="backslashes"),
    pytest.param("/etc/passwd", id="absolute"),
    pytest.param("//etc/passwd", id="absolute twice"),
    pytest.param("%2fetc%2fpasswd", id="absolute encoded"),
    pytest.param("C:%5cWindows%5cwin.ini", id="a drive"),
    pytest.param("C:win.ini", id="a drive without a root"),
    pytest.param("%5c%5cserver%5cshare%5cx", id="a share"),
    pytest.param("%5c%5c%3f%5cC:%5cx", id="a device path"),
    pytest.param("file:///etc/passwd", id="an address"),
    pytest.param("1%00.webp", id="an end within"),
    pytest.param("1/../../2", id="an id and up"),
    pytest.param("1;/etc/passwd", id="parameters"),
    pytest.param("~root", id="a home"),
    pytest.param("$HOME", id="a variable"),
    pytest.param("1.", id="a dot"),
    pytest.param("%20%31", id="a space"),
    pytest.param("%EF%BC%91", id="a wide digit"),
    pytest.param("CON", id="a device"),
    pytest.param("loras/red_fox.safetensors", id="a real file"),
]
WITH_ID = [(a.method, a.path) for a in ADDRESSES if "{id}" in a.path]
BODIES = {
    "/polaris/search": lambda trick: {"text": trick, "path": trick},
    "/polaris/scan": lambda trick: {"folders": [trick]},
    "/polaris/index": lambda trick: {"home": trick},
    "/polaris/pins": lambda trick: {"text": "", "entries": [trick]},
    "/polaris/freeze": lambda trick: {"nodes": {"1": {"type": trick}}},
    "/polaris/resolve": lambda trick: {"nodes": {"1": {"type": trick}}},
}


_OPENED: list[str] = []


def _watch(event: str, args: tuple) -> None:
    watched = event in ("open", "os.listdir", "os.scandir")
    if watched and args and isinstance(args[0], (str, bytes)):
        _OPENED.append(os.fsdecode(args[0]))


@pytest.fixture(scope="session")
def _watched():
    sys.addaudithook(_watch)  # which nobody can take away again


@pytest.fixture(autouse=True)
def opened(_watched):
    """Every path that this process opens meanwhile."""
    _OPENED.clear()
    return _OPENED


def outside(opened: list[str]) -> list[str]:
    marks = ("passwd", "win.ini", "/share/", "red_fox")
    return [path for path in opened if any(mark in path for mark in marks)]


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize(("method", "path"), WITH_ID)
def test_an_id_is_a_number_and_nothing_else(refusing, opened, method, path, trick):
    body = {} if method == "POST" else None
    reply = refusing.ask(method, path.replace("{id}", trick), body)
    assert reply.status in (400, 404), reply.body
    assert b"root:" not in reply.body
    assert not outside(opened)


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("path", [a.path for a in ADDRESSES if "{id}" not in a.path])
def test_no_route_takes_a_path_in_its_query(refusing, opened, path, trick):
    for name in ("path", "file", "folder", "ids", "offset", "maturity"):
        method = next(a.method for a in ADDRESSES if a.path == path)
        body = {} if method == "POST" else None
        reply = refusing.ask(method, f"{path}?{name}={trick}".replace(" ", "%20"), body)
        assert reply.status == 400, (name, reply.body)
    assert not outside(opened)


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("path", BODIES)
def test_no_route_takes_a_path_in_its_body(refusing, opened, path, trick):
    assert refusing.post(path, BODIES[path](trick)).status == 400
    assert not outside(opened)


def test_a_pin_that_is_a_path_only_names_what_the_catalogue_knows(server, opened):
    for trick in ("/etc/passwd", "../../etc/passwd", "C:\\Windows\\win.ini"):
        reply = server.post("/polaris/pins", {"text": trick, "entries": []})
        assert (reply.status, reply.json["states"]) == (200, {})
        nodes = {"1": {"type": "PolarisLoraRetriever", "pins": f'{trick} {{"size_bytes": 9}}'}}
        job = server.finished(server.post("/polaris/resolve", {"nodes": nodes}))
        assert [row["status"] for row in job["result"]["models"]] == ["missing"]
    assert not outside(opened)


class Shelf:
    """A model folder with one LoRA and its preview, and something private beside the folder."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "models" / "loras"
        (self.folder / "sub").mkdir(parents=True)
        self.cache = tmp_path / "cache"
        self.private = tmp_path / "private.png"
        Image.new("RGB", (8, 8), "red").save(self.private)
        self.picture = self.folder / "sub" / "fox.png"
        Image.new("RGB", (8, 8), "blue").save(self.picture)
        (self.folder / "sub" / "fox.safetensors").write_bytes(b"x")
        self.entry = Entry(
            "Fox",
            Kind.LORA,
            BaseModel.SD15,
            Role.OBJECT,
            id=1,
            previews=(Preview(str(self.picture)),),
            root=str(self.folder),
            file="sub/fox.safetensors",
        )

    def thumbnail(self, entry: Entry | None = None, folders=None):
        folders = [str(self.folder)] if folders is None else folders
        cache = ThumbnailCache(self.cache)
        return thumbnail(entry or self.entry, Maturity.PG, cache, folders)

    def showing(self, path) -> Entry:
        return replace(self.entry, previews=(Preview(str(path)),))


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def test_a_preview_in_the_folder_is_shown(shelf):
    assert shelf.thumbnail().content.startswith(b"RIFF")


def test_a_preview_that_is_a_link_to_elsewhere_is_not_shown(shelf):
    shelf.picture.unlink()
    shelf.picture.symlink_to(shelf.private)
    with pytest.raises(UnknownModel, match="model folders"):
        shelf.thumbnail()


@pytest.mark.parametrize("way", ["{private}", "{folder}/sub/../../../private.png", "//x/y.png"])
def test_a_catalogue_that_names_another_file_shows_nothing(shelf, way):
    path = way.format(private=shelf.private, folder=shelf.folder)
    with pytest.raises((UnknownModel, BrokenPreview)):
        shelf.thumbnail(shelf.showing(path))
    assert not shelf.cache.exists()


def test_a_folder_that_the_user_linked_into_the_model_folder_is_part_of_it(shelf, tmp_path):
    disk = tmp_path / "other disk"
    (shelf.folder / "sub").rename(disk)
    (shelf.folder / "sub").symlink_to(disk)
    assert shelf.thumbnail().content.startswith(b"RIFF")


def test_a_folder_that_is_no_model_folder_any_more_shows_nothing(shelf):
    with pytest.raises(UnknownModel):
        shelf.thumbnail(folders=[])


def test_a_pipe_that_is_named_like_a_picture_does_not_block(shelf):
    shelf.picture.unlink()
    os.mkfifo(shelf.picture)
    with pytest.raises(BrokenPreview):
        shelf.thumbnail()


def test_what_only_looks_like_a_picture_is_told(shelf):
    shelf.picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 50)
    with pytest.raises(BrokenPreview):
        shelf.thumbnail()
    shelf.picture.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    with pytest.raises(BrokenPreview, match="not a picture"):
        shelf.thumbnail()


def test_a_changed_picture_has_another_tag(shelf):
    before = shelf.thumbnail()
    assert shelf.thumbnail() == before
    Image.new("RGB", (9, 9), "green").save(shelf.picture)
    os.utime(shelf.picture, ns=(1, 1))
    assert shelf.thumbnail().tag != before.tag


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(shelf):
    shelf.cache.write_bytes(b"a file is in the way")
    assert shelf.thumbnail() == shelf.thumbnail()


def test_videos_and_addresses_are_no_pictures(shelf):
    for preview in (Preview(str(shelf.folder / "a.mp4")), Preview("", "https://example.org/a.png")):
        entry = replace(shelf.entry, previews=(preview,))
        assert shown_preview(entry, Maturity.XXX) is None


def test_a_query_that_is_sql_finds_nothing_and_breaks_nothing(server):
    for words in ("' OR 1=1 --", '"; DROP TABLE entries; --', "* NEAR(", "name:fox", "\x00"):
        assert server.get(f"/polaris/cards?words={quote(words)}").status == 200
    with Store.open(server.page.store.path) as store:
        assert store.counts()
    with sqlite3.connect(server.page.store.path) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    connection.close()
