"""Sites that misbehave: each ends in all that there is, or in one error that says what to do."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.imports import imports, refused
from polaris_core.catalogue.store import Store
from polaris_core.errors import Cancelled, InvalidInput, SourceProblem
from polaris_core.importing.base import StaleCursorError
from polaris_core.importing.civitai_api import CivitaiSource
from polaris_core.importing.http import Patience, Site
from polaris_core.importing.huggingface import HubSource
from polaris_core.importing.run import import_from
from polaris_core.progress import silent
from polaris_core.site_tokens import TOKENS_FILE, token_for
from tests.core.importing.sites import (
    HURRIED,
    Answer,
    CivitaiPages,
    HubPages,
    Made,
    civitai_record,
    json_answer,
    serving,
)

MODELS = [Made(number, f"model {number}", text=f"about {number}") for number in range(1, 31)]
RECORDS = list(map(civitai_record, MODELS))
HTML = Answer(
    200, b"<!doctype html><title>Just a moment...</title>", (("Content-Type", "text/html"),)
)
BROKEN = Answer(200, b'{"items": [{"id": 1, "na', (("Content-Type", "application/json"),))


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "catalogue.sqlite") as opened:
        yield opened


class Sometimes:
    """Does something else at some of the requests, then what it should."""

    def __init__(self, good, troubles):
        self.good, self.troubles, self.count = good, dict(troubles), 0

    def __call__(self, request):
        self.count += 1
        trouble = self.troubles.get(self.count)
        return self.good(request) if trouble is None else trouble


def civitai(url, token=None, **patience):
    return CivitaiSource(Site(url, token, Patience(**{**vars_of(HURRIED), **patience})))


def vars_of(patience):
    return {name: getattr(patience, name) for name in patience.__slots__}


def names(store):
    return sorted(entry.name for entry in store.all())


ALL = sorted(made.name for made in MODELS)
PASSING = [
    pytest.param(json_answer({"error": "slow down"}, 429, Retry_After="0"), id="429"),
    pytest.param(json_answer({"error": "oops"}, 500), id="500"),
    pytest.param(Answer(503, b"", (("Retry-After", "0"),)), id="503 without a body"),
    pytest.param(Answer(524, b"<html>a timeout occurred</html>"), id="524 of a proxy"),
    pytest.param(HTML, id="HTML with 200"),
    pytest.param(BROKEN, id="JSON that breaks off"),
    pytest.param(Answer(200, b"null"), id="null"),
    pytest.param(Answer(200, b"[" * 100_000), id="nested too deep"),
    pytest.param(
        Answer(200, b"{}", (("Content-Length", "99"), ("Connection", "close"))), id="short"
    ),
    pytest.param(
        Answer(200, gzip.compress(b"{}")[:-9], (("Content-Encoding", "gzip"),)),
        id="gzip breaks off",
    ),
    pytest.param(
        Answer(200, gzip.compress(bytes(70 << 20)), (("Content-Encoding", "gzip"),)), id="gzip bomb"
    ),
    pytest.param(Answer(200, b"{}", (("Content-Encoding", "br"),)), id="not asked for"),
]


@pytest.mark.parametrize("trouble", PASSING)
def test_what_passes_is_waited_for(store, trouble):
    with serving(Sometimes(CivitaiPages(RECORDS), {1: trouble, 3: trouble, 4: trouble})) as site:
        report = import_from(store, civitai(site.url))
    assert (report.added, report.refused) == (30, 0)
    assert names(store) == ALL


@pytest.mark.parametrize("trouble", PASSING)
def test_what_does_not_pass_puts_the_import_off_and_keeps_what_there_is(store, trouble):
    answers = Sometimes(CivitaiPages(RECORDS), dict.fromkeys(range(3, 100), trouble))
    with serving(answers) as site:
        with pytest.raises(SourceProblem, match="4 times") as caught:
            import_from(store, civitai(site.url))
        assert "goes on where it is" in caught.value.hint
        assert len(names(store)) == 14, "two pages of seven"
        answers.troubles.clear()
        report = import_from(store, civitai(site.url))
    assert report.resumed
    assert names(store) == ALL
    assert [state.completed for state in imports(store)] == [1]


def test_retry_after_is_honoured(store):
    answers = Sometimes(CivitaiPages(RECORDS), {2: json_answer({}, 429, Retry_After="1")})
    told = []
    with serving(answers) as site:
        started = time.monotonic()
        import_from(store, civitai(site.url), lambda done, total, what, /: told.append(what))
    assert time.monotonic() - started >= 1.0
    assert any("answered 429" in what or "waiting" in what for what in told)


def test_a_site_that_asks_for_an_hour_is_left_alone(store):
    answers = Sometimes(CivitaiPages(RECORDS), {2: json_answer({}, 429, Retry_After="3600")})
    with serving(answers) as site, pytest.raises(SourceProblem, match="asks to wait 3600 s"):
        import_from(store, civitai(site.url))
    assert len(names(store)) == 7


def test_waiting_can_be_stopped_at_once(store):
    answers = Sometimes(CivitaiPages(RECORDS), {1: json_answer({}, 429, Retry_After="200")})

    def impatient(done, total, what, /):
        if "429" in what:
            raise Cancelled

    with serving(answers) as site:
        started = time.monotonic()
        with pytest.raises(Cancelled):
            import_from(store, civitai(site.url), impatient)
    assert time.monotonic() - started < 5


def test_a_server_that_says_nothing_can_be_stopped_too(store):
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()

    def until_stopped(done, total, what, /):
        if stop.is_set():
            raise Cancelled

    with listener:
        started = time.monotonic()
        with pytest.raises(Cancelled):
            import_from(
                store, civitai(f"http://127.0.0.1:{listener.getsockname()[1]}"), until_stopped
            )
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (json_answer({"error": "Unauthorized"}, 401), "answered 401"),
        (json_answer({"message": "no"}, 403), "answered 403"),
        (Answer(404, b"nothing here"), "answered 404"),
        (json_answer({"models": []}), "gives no list of models"),
        (json_answer([1, 2]), "gives no list of models"),
        (Answer(302, b"", (("Location", "http://127.0.0.1:1/"),)), "sends us to another address"),
    ],
)
def test_what_asking_again_would_not_change_is_said_at_once(store, answer, match):
    with serving(lambda request: answer) as site:
        with pytest.raises(SourceProblem, match=match):
            import_from(store, civitai(site.url))
        assert len(site.seen) == 1


def test_nobody_there(store):
    with pytest.raises(SourceProblem, match="cannot be reached"):
        import_from(store, civitai("http://127.0.0.1:9"))


def damaged(record, **changes):
    return {name: value for name, value in {**record, **changes}.items() if value is not ...}


def test_a_drifted_record_is_refused_by_itself(store):
    records = [*RECORDS]
    records[3] = damaged(RECORDS[3], name=...)
    records[4] = "a model"
    records[5] = damaged(RECORDS[5], modelVersions="none")
    records[6] = damaged(RECORDS[6], tags={"a": 1}, creator=7, description=["x"], stats=None)
    with serving(CivitaiPages(records)) as site:
        report = import_from(store, civitai(site.url))
    assert (report.added, report.refused) == (27, 3)
    keys = [r.key for r in refused(store, report.origin)]
    assert keys == ["model 4", "model 6", "record 4 after this start"]
    assert "model 7" in names(store)
    with serving(CivitaiPages(RECORDS)) as mended:
        again = CivitaiSource(Site(mended.url, None, HURRIED))
        again.origin = report.origin
        import_from(store, again, afresh=True)
    assert names(store) == ALL


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


@settings(max_examples=25)
@given(data=st.data())
def test_any_json_is_read_or_refused_in_our_words(tmp_path_factory, data):
    answers = data.draw(
        st.lists(JSON | st.fixed_dictionaries({"items": st.lists(JSON, max_size=3)}), min_size=1)
    )
    waiting = [json_answer(answer) for answer in answers]

    def answer(request):
        return waiting.pop(0) if waiting else json_answer({"items": []})

    path = tmp_path_factory.mktemp("any") / "catalogue.sqlite"
    with serving(answer) as site, Store.open(path) as store, suppress(SourceProblem):
        import_from(store, civitai(site.url, attempts=1))


def test_the_same_cursor_for_ever_is_noticed(store):
    with serving(
        lambda request: json_answer({"items": RECORDS[:2], "metadata": {"nextCursor": "same"}})
    ) as site:
        with pytest.raises(SourceProblem, match="round in a circle"):
            import_from(store, civitai(site.url))
        assert len(site.seen) <= 3
    assert len(names(store)) == 2


def test_ever_new_cursors_that_bring_nothing_are_noticed(store):
    count = iter(range(10**6))
    with serving(
        lambda request: json_answer(
            {"items": RECORDS[:2], "metadata": {"nextCursor": f"c{next(count)}"}}
        )
    ) as site:
        with pytest.raises(SourceProblem, match="round in a circle"):
            import_from(store, civitai(site.url))
        assert len(site.seen) < 30


def test_a_cursor_that_is_not_known_any_more_begins_anew(store):
    answers = Sometimes(CivitaiPages(RECORDS), dict.fromkeys(range(3, 7), HTML))
    with serving(answers) as site:
        with pytest.raises(SourceProblem):
            import_from(store, civitai(site.url))
        answers.good = lambda request: (
            json_answer({"error": "gone"}, 400)
            if request.query.get("cursor") == "p14" and not answers.troubles
            else CivitaiPages(RECORDS, per_page=9)(request)
        )
        answers.troubles.clear()
        import_from(store, civitai(site.url))
    assert names(store) == ALL


def test_a_stale_cursor_is_told_by_the_source():
    with serving(CivitaiPages(RECORDS)) as site, pytest.raises(StaleCursorError):
        list(civitai(site.url).pages("nonsense", lambda revision: False, silent))


def test_only_what_is_new_is_read_the_second_time(store):
    many = list(map(civitai_record, [Made(n, f"model {n}") for n in range(1, 200)]))
    pages = CivitaiPages(many)
    with serving(pages) as site:
        import_from(store, civitai(site.url))
        before = len(site.seen)
        pages.records = [civitai_record(Made(1000 + n, f"new {n}")) for n in range(3)] + many
        report = import_from(store, civitai(site.url))
        assert len(site.seen) - before == 3, "a page with news, and two without"
    assert report.added == 3
    assert len(names(store)) == 202


def test_the_token_goes_into_a_header_to_its_own_site_only(store, tmp_path, monkeypatch):
    secret = "tok-0123456789abcdef"
    with serving(lambda request: json_answer({"error": f"no such {secret}"}, 403)) as site:
        (tmp_path / TOKENS_FILE).write_text(json.dumps({site.url: secret}), "utf-8")
        assert token_for("http://127.0.0.1:1", tmp_path) is None
        with pytest.raises(SourceProblem) as caught:
            import_from(store, civitai(site.url, token_for(site.url, tmp_path)))
    assert secret not in str(caught.value)
    assert secret not in repr(Site(site.url, secret))
    [request] = site.seen
    assert request.headers["Authorization"] == f"Bearer {secret}"
    assert secret not in repr((request.path, request.query))
    assert request.headers["User-Agent"].startswith("polaris")
    monkeypatch.setenv("CIVITAI_TOKEN", secret)
    assert token_for("https://civitai.com", tmp_path) == secret
    assert token_for("https://civitai.com.evil.example", tmp_path) is None


@pytest.mark.parametrize(
    "base", ["http://civitai.com", "civitai.com", "ftp://x", "http://169.254.169.254"]
)
def test_a_site_is_asked_at_a_sound_address_only(base):
    with pytest.raises(InvalidInput):
        Site(base)


@pytest.fixture
def online(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


def test_a_hub_that_stumbles_is_waited_for(store, online):
    pages = HubPages(MODELS[:9])
    answers = Sometimes(pages, {n: json_answer({}, 503) for n in (2, 5, 9)} | {7: HTML})
    with serving(answers) as site:
        pages.url = site.url
        report = import_from(store, HubSource(endpoint=site.url, patience=HURRIED))
    assert (report.added, report.refused) == (9, 0)


def test_a_hub_asks_for_changed_repositories_only_and_refuses_gated_ones(store, online):
    pages = HubPages(MODELS[:9])
    gated = "/api/models/maker/model-3"

    def answer(request):
        return json_answer({"error": "gated"}, 403) if request.path == gated else pages(request)

    with serving(answer) as site:
        pages.url = site.url
        first = import_from(store, HubSource(endpoint=site.url, patience=HURRIED))
        assert (first.added, first.refused) == (8, 1)
        before = len(site.seen)
        pages.commits["maker/model-5"] = "f" * 40
        again = import_from(store, HubSource(endpoint=site.url, patience=HURRIED))
        asked = [r.path for r in site.seen[before:] if r.path.startswith("/api/models/")]
    assert asked == [gated, "/api/models/maker/model-5"]
    assert (again.added, again.changed) == (0, 1)


def test_a_gated_repository_is_told_without_its_card(store, online):
    pages = HubPages(MODELS[:2])

    def answer(request):
        if request.path.endswith("README.md"):
            return json_answer({"error": "gated"}, 403)
        found = pages(request)
        told = json.loads(found.body)
        if isinstance(told, dict):
            told["gated"] = "manual"
        return found._replace(body=json.dumps(told).encode())

    with serving(answer) as site:
        pages.url = site.url
        report = import_from(store, HubSource(endpoint=site.url, patience=HURRIED))
    assert (report.added, report.refused) == (2, 0)
    assert {entry.extra["availability"] for entry in store.all()} == {"Gated"}


def test_a_hub_that_is_none_is_said_to_be_none(store, online):
    with (
        serving(lambda request: Answer(404, b"{}")) as site,
        pytest.raises(SourceProblem, match="404"),
    ):
        import_from(store, HubSource(endpoint=site.url, patience=HURRIED))


def test_offline_is_said(store, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SourceProblem, match="offline"):
        import_from(store, HubSource(endpoint="http://127.0.0.1:9", patience=HURRIED))
