"""Whatever a site does, it ends in the right file or the right error, never in a wrong file."""

from __future__ import annotations

import gzip
import threading
import time
from email.utils import formatdate

import pytest

from polaris_core.errors import (
    AccessDenied,
    AddressRefused,
    AskedTooOften,
    FetchProblem,
    NotOffered,
    SourceUnreachable,
    WrongContent,
)
from polaris_core.fetching.addresses import Rules
from polaris_core.site_tokens import Tokens
from tests.core.fetching.sites import (
    ends_after,
    gives,
    leads_to,
    model_bytes,
    pours,
    resets_after,
    says,
    sha256,
    stalls_after,
)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def is_whole(folder, site):
    """The file stands there, and nothing else does."""
    assert names_in(folder) == ["model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == site.content
    return True


def nothing_in_place(folder):
    return not (folder / "model.safetensors").exists()


def part_of(folder):
    return next(iter(folder.glob("*.part")), None)


def test_a_good_site_gives_the_file(folder, site, get):
    fetched = get(site)
    assert (fetched.path, fetched.was_here) == (folder / "model.safetensors", False)
    assert is_whole(folder, site)
    sent = site.asked[0].headers
    assert sent["accept-encoding"] == "identity"
    assert sent["user-agent"].startswith("polaris-zoo/")
    assert get(site).was_here
    assert len(site.asked) == 1


def test_without_a_size_it_is_taken_from_the_site(folder, site, get):
    get(site, size_bytes=0)
    assert is_whole(folder, site)


def test_a_slow_site_is_waited_for(folder, make_site, get):
    site = make_site(pause_s=0.06)
    started = time.monotonic()
    get(site)
    assert time.monotonic() - started > 0.5  # longer than a stall may last
    assert is_whole(folder, site)


def test_resets_are_gone_on_from(folder, site, get):
    site.plan = [resets_after(30_000), resets_after(20_000), resets_after(40_000)]
    get(site)
    assert is_whole(folder, site)
    firsts = [asked.first for asked in site.asked]
    assert firsts == sorted(firsts)
    assert firsts[-1] > 0
    assert site.asked[-1].headers["if-range"] == '"one"'


def test_a_site_that_resets_for_ever_is_given_up_and_the_part_kept(folder, site, get):
    site.plan = [resets_after(30_000)]
    site.always = resets_after(0)
    with pytest.raises(SourceUnreachable) as told:
        get(site)
    assert "what has come is kept" in told.value.hint
    assert nothing_in_place(folder)
    came = part_of(folder).stat().st_size
    assert 0 < came <= 30_000
    site.always = None
    get(site)
    assert site.asked[-1].first == came
    assert is_whole(folder, site)


def test_an_end_that_comes_too_early_is_no_end(folder, site, get):
    site.plan = [ends_after(50_000)]
    get(site)
    assert is_whole(folder, site)


def test_an_end_without_a_length_is_measured_by_the_size(folder, site, get):
    site.plan = [pours(site.content[:50_000])]
    get(site)
    assert is_whole(folder, site)


def test_a_site_that_stalls_is_asked_anew(folder, site, get):
    released = threading.Event()
    site.plan = [stalls_after(30_000, released)]
    get(site)
    released.set()
    assert site.asked[-1].first == 30_000
    assert is_whole(folder, site)


def test_a_site_that_only_stalls_is_given_up(folder, site, get):
    released = threading.Event()
    site.always = stalls_after(0, released)
    with pytest.raises(SourceUnreachable, match=r"sends nothing for 0\.5 s"):
        get(site)
    released.set()
    assert nothing_in_place(folder)


@pytest.mark.parametrize("wrong_by", [-1, 1])
def test_a_file_of_another_length_is_refused_before_it_comes(folder, site, get, wrong_by):
    site.always = gives(model_bytes(100_000 + wrong_by))
    with pytest.raises(WrongContent, match="the site offers a file of"):
        get(site)
    assert names_in(folder) == []


def test_more_than_the_file_is_refused(folder, site, get):
    site.always = pours(site.content + b"x")
    with pytest.raises(WrongContent, match="more than the file"):
        get(site)
    assert names_in(folder) == []


def test_a_file_with_another_hash_is_refused_after_one_download(folder, site, get):
    site.always = gives(model_bytes(seed=1))
    with pytest.raises(WrongContent, match="SHA-256"):
        get(site)
    assert names_in(folder) == []
    assert len(site.asked) == 1


def test_a_right_hash_of_a_broken_model_is_refused(folder, make_site, get):
    site = make_site(model_bytes()[:-7])
    with pytest.raises(WrongContent, match="no sound safetensors"):
        get(site)
    assert names_in(folder) == []


def test_endless_redirects_end(folder, site, get):
    site.always = leads_to(site.url)
    with pytest.raises(AddressRefused, match="more than 5 times"):
        get(site)
    assert len(site.asked) == 6
    assert names_in(folder) == []


@pytest.mark.parametrize(
    "target",
    [
        "https://10.0.0.1/model.safetensors",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:192.168.1.1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "http://127.0.0.1:1/x",
        "https://files.evil.example/model.safetensors",
        "http://civitai.com/x",
        "file:///etc/passwd",
        "ftp://civitai.com/x",
        "https://user:pass@civitai.com/x",
        "https://civitai.com.evil.example/x",
        "https://civitai.com:444/x",
        "//evil.example/x",
        "",
    ],
)
def test_redirects_to_where_nobody_may_go_are_refused(folder, site, get, target):
    site.always = leads_to(target)
    with pytest.raises(AddressRefused):
        get(site, rules=Rules.of(["civitai.com"], [site.origin]))
    assert names_in(folder) == []
    assert len(site.asked) <= 6


def test_a_redirect_to_an_allowed_site_is_followed_without_the_token(folder, make_site, get):
    first, second = make_site(), make_site()
    first.always = leads_to(f"{second.url}?signature=a%2Fb")
    get(
        first,
        rules=Rules.of((), [first.origin, second.origin]),
        tokens=Tokens({first.origin: "secret-token"}),
    )
    assert is_whole(folder, second)
    assert first.asked[0].headers["authorization"] == "Bearer secret-token"
    assert "authorization" not in second.asked[0].headers
    assert second.asked[0].path.endswith("?signature=a%2Fb")


def test_nothing_after_the_part_begins_it_anew(folder, site, get):
    site.plan = [resets_after(30_000), says(416)]
    get(site)
    assert [asked.first for asked in site.asked][1:] == [site.asked[1].first, 0]
    assert is_whole(folder, site)


def test_nothing_of_the_whole_file_is_an_error(folder, site, get):
    site.always = says(416)
    with pytest.raises(WrongContent):
        get(site)
    assert names_in(folder) == []


def test_a_416_that_tells_another_size_is_an_error_and_keeps_the_part(folder, site, get):
    site.plan = [resets_after(30_000), says(416, Content_Range="bytes */7")]
    with pytest.raises(WrongContent, match="a file of 7 bytes"):
        get(site)
    assert part_of(folder).stat().st_size > 0


def test_a_packed_answer_is_not_unpacked(folder, site, get):
    bomb = gzip.compress(bytes(50_000_000))
    site.always = gives(bomb, Content_Encoding="gzip")
    with pytest.raises(WrongContent, match="packed"):
        get(site)
    assert names_in(folder) == []


def test_a_page_instead_of_the_file_is_refused(folder, site, get):
    site.always = gives(b"<html>log in</html>", Content_Type="text/html; charset=utf-8")
    with pytest.raises(WrongContent, match="a page instead") as told:
        get(site)
    assert "https://example.com/page" in told.value.hint
    assert names_in(folder) == []


def test_a_page_that_is_called_a_file_is_refused_at_its_beginning(folder, site, get):
    site.always = gives(b"<!doctype html>" + bytes(len(site.content) - 15))
    with pytest.raises(WrongContent, match="no safetensors"):
        get(site)
    assert names_in(folder) == []


def test_a_page_during_going_on_does_not_cost_the_part(folder, site, get):
    site.plan = [resets_after(30_000), gives(b"<html>", Content_Type="text/html")]
    with pytest.raises(WrongContent):
        get(site)
    assert part_of(folder).stat().st_size > 0
    get(site)
    assert is_whole(folder, site)


def test_a_file_that_changes_between_parts_is_fetched_from_the_start(folder, make_site, get):
    new = model_bytes(seed=2)
    site = make_site(model_bytes(seed=1))

    def changes(site, handler):
        site.content, site.etag = new, '"two"'
        site.good(handler)

    site.plan = [resets_after(30_000), changes]
    get(site, sha256=sha256(new), size_bytes=len(new))
    assert site.asked[1].headers["if-range"] == '"one"'
    assert is_whole(folder, site)


@pytest.mark.parametrize("tells", [True, False])
def test_a_change_that_the_site_does_not_mind_is_noticed(folder, make_site, get, tells):
    """It goes on with another file's bytes, under another ETag or under none."""
    new = model_bytes(seed=2)
    site = make_site(model_bytes(seed=1))

    def goes_on_with_the_new_one(site, handler):
        site.content = new
        first = handler.asked.first
        headers = {
            "Content-Range": f"bytes {first}-{len(new) - 1}/{len(new)}",
            "Content-Length": str(len(new) - first),
        }
        handler.begin(206, headers | ({"ETag": '"two"'} if tells else {}))
        handler.wfile.write(new[first:])

    site.plan = [resets_after(30_000), goes_on_with_the_new_one]
    get(site, sha256=sha256(new), size_bytes=len(new))
    assert site.asked[-1].first == 0
    assert is_whole(folder, site)


def test_a_site_without_ranges_is_read_from_the_start(folder, make_site, get):
    site = make_site(knows_ranges=False)
    site.plan = [ends_after(50_000)]
    get(site)
    assert site.asked[1].first == 50_000
    assert is_whole(folder, site)


@pytest.mark.parametrize(
    "content_range", ["", "bytes 0-9/10", "bytes 5-4/100", "bytes=1", "bytes 1-2/3, 4-5/6"]
)
def test_a_part_that_is_not_the_one_asked_for_is_refused(folder, site, get, content_range):
    site.plan = [resets_after(30_000), says(206, b"x", Content_Range=content_range)]
    with pytest.raises(WrongContent):
        get(site)
    assert nothing_in_place(folder)


def test_a_site_that_is_asked_too_often_is_waited_for(folder, site, get):
    site.plan = [says(429, Retry_After="1"), says(503, Retry_After="0")]
    told = []
    started = time.monotonic()
    get(site, progress=lambda done, total, what: told.append(what))
    assert time.monotonic() - started >= 1
    assert any("asked too often" in what for what in told)
    assert is_whole(folder, site)


@pytest.mark.parametrize("date", [True, False])
def test_a_long_wait_is_left_to_the_user(folder, site, get, date):
    later = formatdate(time.time() + 3600, usegmt=True) if date else "3600"
    site.always = says(429, Retry_After=later)
    with pytest.raises(AskedTooOften) as told:
        get(site)
    assert "Try again in 60 min" in told.value.hint
    assert len(site.asked) == 1


GATED = {"X_Error_Code": "GatedRepo", "X_Error_Message": "Access to model x/y is restricted."}


@pytest.mark.parametrize(
    ("step", "has_token", "reason", "remedy"),
    [
        pytest.param(says(401), False, "token", "site_tokens.json", id="no token"),
        pytest.param(says(401), True, "other token", "Make another", id="a wrong token"),
        pytest.param(says(403), True, "forbidden", "switched off", id="forbidden"),
        pytest.param(says(403), False, "token", "Make a token", id="unknown"),
        pytest.param(says(401, **GATED), False, "terms", "set a token", id="terms, no token"),
        pytest.param(says(403, **GATED), True, "terms", "Accept them at", id="terms"),
        pytest.param(
            says(403, b'{"error": "Early Access", "deadline": "2026-12-01"}'),
            True,
            "early access",
            "example.com/page",
            id="early access",
        ),
        pytest.param(
            leads_to("https://civitai.com/login?returnUrl=%2Fx&reason=download-auth"),
            False,
            "token",
            "Make a token",
            id="led to the login",
        ),
        pytest.param(
            leads_to("https://civitai.com/pricing?reason=early-access"),
            True,
            "early access",
            "becomes free",
            id="led to the shop",
        ),
    ],
)
def test_refusals_are_told_apart(folder, site, get, step, has_token, reason, remedy):
    site.always = step
    tokens = Tokens({site.origin: "a-secret-token"} if has_token else {})
    with pytest.raises(AccessDenied) as told:
        get(site, tokens=tokens)
    assert told.value.reason == reason
    assert remedy in told.value.hint
    assert "a-secret-token" not in f"{told.value}{told.value!r}{told.value.hint}"
    assert names_in(folder) == []
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [404, 410, 451])
def test_a_file_that_is_not_there_is_told(folder, site, get, status):
    site.always = says(status, b'{"error": "Model not found"}')
    with pytest.raises(NotOffered, match="Model not found"):
        get(site)
    assert names_in(folder) == []


@pytest.mark.parametrize("status", [400, 405, 418, 501, 204, 300])
def test_other_answers_are_told_with_their_number(folder, site, get, status):
    site.always = says(status)
    with pytest.raises(FetchProblem, match=str(status)):
        get(site)
    assert names_in(folder) == []


def test_a_token_that_the_site_repeats_is_not_shown(folder, site, get):
    token = "very-secret-token"
    site.always = says(403, f'{{"error": "bad {token}"}}'.encode())
    with pytest.raises(AccessDenied) as told:
        get(site, tokens=Tokens({site.origin: token}))
    assert token not in str(told.value)
    assert "[token]" in str(told.value)


def test_signed_addresses_are_not_shown(folder, site, get):
    site.always = says(404)
    with pytest.raises(NotOffered) as told:
        get(site, address=f"{site.url}?X-Amz-Signature=abcdef")
    assert "abcdef" not in f"{told.value}{told.value!r}"


def test_nobody_there_is_told(folder, site, get):
    site.close()
    with pytest.raises(SourceUnreachable, match="cannot be reached"):
        get(site)
    assert names_in(folder) == []
    site.close = lambda: None


@pytest.mark.parametrize("noise", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 999999999 X\r\n\r\n"])
def test_what_is_no_http_is_told(folder, site, get, noise):
    def step(site, handler):
        handler.close_connection = True
        handler.wfile.write(noise)

    site.always = step
    with pytest.raises(FetchProblem):
        get(site)
    assert names_in(folder) == []
