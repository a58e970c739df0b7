"""The routes over HTTP on the loopback: what they give, and what they refuse."""

from __future__ import annotations

import io
import json
import threading

import pytest
from PIL import Image

from polaris_core.page.addresses import ADDRESSES
from polaris_core.retrieval.pins import Pins

PNG = {"Content_Type": "image/png"}


def picture(colour=(200, 40, 40), size=(64, 48), kind="PNG") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, colour).save(content, kind)
    return content.getvalue()


def all_cards(server, query="") -> list[dict]:
    return server.get(f"/polaris/cards?limit=200&maturity=XXX{query}").json["cards"]


def test_status_tells_what_there_is_and_that_nothing_is_indexed_yet(server):
    status = server.get("/polaris/status").json
    cards = all_cards(server)
    assert sum(row["count"] for row in status["counts"]) == status["total"] >= len(cards)
    assert status["index"]["state"] == "unknown"
    assert status["index"]["lora"]["indexed"] is None
    assert {row["kind"] for row in status["folders"]} == {"checkpoint", "lora"}
    assert status["problems"]["total"] == len(status["problems"]["rows"])
    assert status["encoders"] == {
        **{"text": "hashing", "image": "hashing"},
        **{"ready": True, "problem": "", "hint": ""},
    }
    assert status["job"] is None


def test_pages_put_together_are_the_whole_list(server):
    whole = [card["id"] for card in all_cards(server)]
    for order in ("name", "newest", "size"):
        pages: list[int] = []
        while True:
            address = f"/polaris/cards?limit=7&offset={len(pages)}&maturity=XXX&order={order}"
            found = server.get(address).json
            if not found["cards"]:
                break
            pages += [card["id"] for card in found["cards"]]
        assert len(pages) == found["total"]
        assert sorted(pages) == sorted(whole)
        assert len(set(pages)) == len(pages)


def test_filters_let_through_what_they_say(server):
    for card in all_cards(server, "&kind=lora&family=sd15&role=style"):
        assert (card["kind"], card["family"], card["role"]) == ("lora", "sd15", "style")
    mild = server.get("/polaris/cards?limit=200").json["cards"]
    assert {card["maturity"] for card in mild} <= {"PG", "UNKNOWN"}
    fox = all_cards(server, "&words=fox")
    assert fox
    assert all("fox" in json.dumps(card).lower() for card in fox if len(card["about"]) < 240)
    assert [c["id"] for c in all_cards(server, f"&ids={fox[0]['id']}")] == [fox[0]["id"]]


def test_a_card_has_details_and_a_loader_node(server):
    card = all_cards(server, "&kind=lora&family=sd15&on_disk=1")[0]
    details = server.get(f"/polaris/cards/{card['id']}?maturity=XXX").json
    assert {**details, **card} == details
    assert set(details) - set(card) == {
        *("description", "negative", "example_prompts", "training_tags"),
        *("sha256", "autov3", "extra"),
    }
    loader = server.get(f"/polaris/cards/{card['id']}/loader").json
    assert loader["node"] == "LoraLoader"
    assert loader["widgets"]["lora_name"] == card["file"]
    checkpoint = all_cards(server, "&kind=checkpoint")[0]
    loader = server.get(f"/polaris/cards/{checkpoint['id']}/loader").json
    assert loader["widgets"] == {"ckpt_name": checkpoint["file"]}


def test_a_pickled_file_gets_no_loader(server):
    pickled = [card for card in all_cards(server) if card["unsafe"]]
    assert pickled
    reply = server.get(f"/polaris/cards/{pickled[0]['id']}/loader")
    assert reply.status == 409
    assert reply.json["hint"]


def test_thumbnails_are_small_webp_made_once_and_known_by_a_tag(server, host):
    card = next(card for card in all_cards(server) if card["thumbnail"])
    reply = server.get(card["thumbnail"])
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "image/webp"
    assert max(Image.open(io.BytesIO(reply.body)).size) <= 320
    kept = list((host.home / "thumbnails").rglob("*.webp"))
    assert [file.read_bytes() for file in kept] == [reply.body]
    again = server.get(card["thumbnail"], If_None_Match=reply.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


def test_a_picture_more_mature_than_asked_for_is_not_shown(server, page):
    entries = page.store.all()
    entry = next(e for e in entries if e.previews and min(p.maturity for p in e.previews) > 1)
    assert server.get(f"/polaris/thumbnails/{entry.id}?maturity=PG").status == 404
    assert server.get(f"/polaris/thumbnails/{entry.id}?maturity=XXX").status == 200


def test_search_by_a_sentence_gives_reasons_and_shares(server):
    found = server.post("/polaris/search", {"text": "watercolor wash", "limit": 5}).json
    assert found["asked"] == "text"
    assert 0 < len(found["cards"]) <= 5
    shares = [card["share"] for card in found["cards"]]
    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)
    assert all(card["reason"] for card in found["cards"])
    assert server.get("/polaris/status").json["index"]["state"] == "ready"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_search_by_a_picture(server, kind):
    content = picture(kind=kind)
    found = server.post(
        "/polaris/search/picture?kind=lora&limit=3", content, Content_Type=f"image/{kind.lower()}"
    )
    assert found.status == 200, found.body
    assert found.json["asked"] == "picture"
    assert found.json["cards"]


def test_search_says_what_is_missing(server):
    server.settings["Polaris.TextEncoder"] = "absent"
    reply = server.post("/polaris/search", {"text": "fox"})
    assert (reply.status, reply.json["hint"]) == (409, "Get them")
    encoders = server.get("/polaris/status").json["encoders"]
    assert (encoders["ready"], encoders["hint"]) == (False, "Get them")
    server.settings.update({"Polaris.TextEncoder": "hashing", "Polaris.ImageEncoder": "none"})
    assert server.post("/polaris/search/picture", picture(), **PNG).status == 400


def test_a_scan_tells_its_progress_and_its_end(server, host):
    job = server.finished(server.post("/polaris/scan"))
    assert job["state"] == "done"
    assert job["result"]["unchanged"] > 0
    states = [facts["state"] for event, facts in host.sent if event == "polaris.job"]
    assert (states[0], states[-1]) == ("waiting", "done")
    assert server.finished(server.post("/polaris/index"))["result"]["summary"] == "indexed"
    assert [j["kind"] for j in server.get("/polaris/jobs").json["jobs"]] == ["index", "scan"]


def test_one_scan_at_a_time_and_it_is_cancelled(server, host):
    reached, go_on = threading.Event(), threading.Event()
    folders = host.folders

    def slow_folders():
        reached.set()
        go_on.wait(30)
        return folders()

    host.folders = slow_folders
    first = server.post("/polaris/scan")
    reached.wait(30)
    again = server.post("/polaris/scan")
    assert again.status == 409
    assert "scan" in again.json["error"]
    assert server.post("/polaris/search", {"text": "fox"}).status == 409
    id = first.json["job"]["id"]
    assert server.post(f"/polaris/jobs/{id}/cancel").status == 200
    go_on.set()
    assert server.finished(first)["state"] == "cancelled"
    host.folders = folders
    assert server.finished(server.post("/polaris/scan"))["state"] == "done"


def test_a_click_writes_a_line_of_pins(server):
    card = all_cards(server, "&kind=lora&on_disk=1")[0]
    edit = {"action": "pin", "entry": card["id"], "slot": "style", "strength": 0.7}
    body = {"text": "# mine\n-nothing", "entries": [card["id"]], "edit": edit}
    told = server.post("/polaris/pins", body).json
    assert told["text"] == f"# mine\n-nothing\nstyle: {card['pin']} @ 0.7"
    assert told["states"][str(card["id"])] == {
        **{"pinned": True, "banned": False},
        **{"strength": 0.7, "slot": "style", "frozen": False},
    }
    assert len(Pins.parse(told["text"]).lines) == 2


def test_settings_are_checked_before_anybody_believes_them(server):
    server.settings.update({"Polaris.Maturity": "everything", "Polaris.Folders": 7, "Other": "x"})
    settings = server.get("/polaris/settings").json["settings"]
    assert settings["Polaris.Maturity"] == "PG"
    assert settings["Polaris.Folders"] == ""
    assert "Other" not in settings


ROUTES = [(a.method, a.path.replace("{id}", "1")) for a in ADDRESSES]
FOREIGN = [
    pytest.param({"Origin": "https://evil.example"}, id="another host"),
    pytest.param({"Origin": "null"}, id="no host"),
    pytest.param({"Origin": "http://127.0.0.1:1"}, id="another port"),
    pytest.param({"Sec_Fetch_Site": "cross-site"}, id="cross-site"),
    pytest.param({"Sec_Fetch_Site": "same-site"}, id="same-site"),
    pytest.param({"Origin": "http://[", "Sec_Fetch_Site": "same-origin"}, id="no address"),
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_other_site_gets_anything(refusing, method, path, headers):
    reply = refusing.ask(method, path, {} if method == "POST" else None, **headers)
    assert reply.status == 403
    assert refusing.page.jobs.newest() == []


def test_our_own_page_is_let_in(refusing):
    own = {"Origin": f"http://127.0.0.1:{refusing.port}", "Sec_Fetch_Site": "same-origin"}
    assert refusing.get("/polaris/status", **own).status == 200


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "POST"])
def test_nothing_changes_by_get(refusing, path):
    assert refusing.get(path).status == 405


BAD = [
    ("GET", "/polaris/cards?limit=0", None),
    ("GET", "/polaris/cards?limit=201", None),
    ("GET", "/polaris/cards?offset=-1", None),
    ("GET", "/polaris/cards?offset=99999999999999999999", None),
    ("GET", "/polaris/cards?order=id%3B+DROP", None),
    ("GET", "/polaris/cards?kind=other", None),
    ("GET", "/polaris/cards?family=pony", None),
    ("GET", "/polaris/cards?role=thief", None),
    ("GET", "/polaris/cards?maturity=64", None),
    ("GET", "/polaris/cards?ids=1,x", None),
    ("GET", "/polaris/cards?ids=" + ",".join("1" * 201), None),
    ("GET", "/polaris/cards?words=" + "x" * 401, None),
    ("GET", "/polaris/cards?path=/etc/passwd", None),
    ("GET", "/polaris/cards?limit=5&limit=6", None),
    ("GET", "/polaris/cards?limit=%D9%A1", None),
    ("GET", "/polaris/status?x=1", None),
    ("GET", "/polaris/cards/0", None),
    ("GET", "/polaris/cards/-1", None),
    ("GET", "/polaris/cards/1e3", None),
    ("GET", "/polaris/cards/99999999999999999999", None),
    ("POST", "/polaris/search", {}),
    ("POST", "/polaris/search", {"text": " "}),
    ("POST", "/polaris/search", {"text": 7}),
    ("POST", "/polaris/search", {"text": "x" * 2001}),
    ("POST", "/polaris/search", {"text": "x", "limit": True}),
    ("POST", "/polaris/search", {"text": "x", "limit": 1.5}),
    ("POST", "/polaris/search", {"text": "x", "kind": ["lora"]}),
    ("POST", "/polaris/search", {"text": "x", "role": {"style": 1}}),
    ("POST", "/polaris/search", {"text": "x", "folder": "/etc"}),
    ("POST", "/polaris/search", [1]),
    ("POST", "/polaris/search", b'{"text": NaN}'),
    ("POST", "/polaris/search", b"[" * 100_000),
    ("POST", "/polaris/search", b"\xff\xfe"),
    ("POST", "/polaris/scan", {"folder": "/etc"}),
    ("POST", "/polaris/pins", {"text": "style:"}),
    ("POST", "/polaris/pins", {"text": "", "entries": "1;2"}),
    ("POST", "/polaris/pins", {"text": "", "edit": {"action": "eat", "entry": 1}}),
    ("POST", "/polaris/pins", {"text": "", "edit": {"action": "pin", "entry": 1, "strength": 11}}),
    ("POST", "/polaris/pins", {"text": "", "edit": {"action": "pin", "entry": 1, "slot": "hat"}}),
    ("POST", "/polaris/freeze", {}),
    ("POST", "/polaris/freeze", {"nodes": []}),
    ("POST", "/polaris/freeze", {"nodes": {"1": {"type": "KSampler"}}}),
    ("POST", "/polaris/freeze", {"nodes": {"": {"type": "PolarisAdaptiveEditor"}}}),
    ("POST", "/polaris/resolve", {"nodes": {"1": {"type": "PolarisAdaptiveEditor", "plan": "{"}}}),
]


@pytest.mark.parametrize(("method", "path", "body"), BAD)
def test_what_cannot_be_used_is_refused_in_words(refusing, method, path, body):
    headers = {"Content_Type": "application/json"} if body is not None else {}
    reply = refusing.ask(method, path, body, **headers)
    assert reply.status == 400, reply.body
    assert set(reply.json) == {"error", "hint"}
    assert reply.json["error"]
    assert refusing.page.jobs.newest() == []


def test_what_is_not_there_is_404(refusing):
    for path in ("cards/999999", "cards/999999/loader", "thumbnails/999999", "jobs/none"):
        reply = refusing.get(f"/polaris/{path}")
        assert (reply.status, bool(reply.json["error"])) == (404, True)


def test_bodies_of_other_types_and_too_large_ones_are_refused(refusing):
    assert refusing.post("/polaris/scan", b"{}", Content_Type="text/plain").status == 415
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert refusing.post("/polaris/scan", b"{}", **form).status == 415
    assert (
        refusing.post("/polaris/search/picture", picture(), Content_Type="image/svg+xml").status
        == 415
    )
    large = b'{"text": "' + b"x" * (1 << 20) + b'"}'
    assert refusing.post("/polaris/search", large, Content_Type="application/json").status == 413


def test_what_is_no_picture_is_refused(refusing):
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
    for content in (b"", b"x" * 100, picture()[:60], eps):
        reply = refusing.post("/polaris/search/picture", content, **PNG)
        assert reply.status == 400
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    assert refusing.post("/polaris/search/picture", bomb.getvalue(), **PNG).status == 400
