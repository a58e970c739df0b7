"""What answers the routes: requests are checked, the page is asked off the event loop."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from polaris_core.errors import PolarisError
from polaris_core.images import read_picture_bytes
from polaris_core.page.addresses import ADDRESSES
from polaris_core.page.browse import QUERY_FIELDS, CardQuery
from polaris_core.page.cards import Json, details_of
from polaris_core.page.fields import Fields, entry_id
from polaris_core.page.guard import Refused, check_origin, content_of, decoded
from polaris_core.page.jobs import Job
from polaris_core.page.nodes import PolarisNodes
from polaris_core.page.pin_text import Action
from polaris_core.page.plans import plans_in_png
from polaris_core.page.problems import status_of, told
from polaris_core.page.search import PICTURE_FIELDS, TEXT_FIELDS, SearchQuery
from polaris_core.page.service import Page, PinEdit
from polaris_core.page.settings import Settings
from polaris_core.retrieval.shortlist import SlotName

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Handler", "StoredSettings", "handlers_of"]

log = logging.getLogger("polaris")

_T = TypeVar("_T")
_BODY = 1 << 20
_LARGE_BODY = 4 << 20
_PICTURE = 32 << 20
_LOOKED_AT_PX = 1024
"""Encoders look at pictures far smaller than this."""
_PICTURES = tuple(f"image/{kind}" for kind in ("png", "jpeg", "webp", "gif", "avif"))
_MOST_ENTRIES = 200
_PINS = 1_000_000

StoredSettings = Callable[["web.Request"], Mapping[str, object]]
"""What the host holds of the settings of whoever asks."""

Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]


def handlers_of(page: Page, stored: StoredSettings) -> dict[str, Handler]:
    """What answers the routes of `ADDRESSES`, by name.

    Args:
        page: What is asked.
        stored: Tells the settings of whoever sent a request.
    """
    handlers = _Handlers(page, stored)
    return {address.name: _answering(getattr(handlers, address.name)) for address in ADDRESSES}


def _answering(handler: Handler) -> Handler:
    """The handler with its guard before it, and its errors as JSON."""

    async def answer(request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        try:
            check_origin(request.headers)
            return await handler(request)
        except Refused as refused:
            return _json({"error": refused.error, "hint": refused.hint}, refused.status)
        except PolarisError as error:
            return _json(told(error), status_of(error))
        except (web.HTTPException, asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            log.exception("a request of the page failed: %s", request.path)
            hint = "The log of the server says more"
            return _json({"error": "something went wrong", "hint": hint}, 500)

    return answer


def _json(value: Json, status: int = 200) -> web.Response:
    from aiohttp import web

    # In ASCII, so that a file's name that is no Unicode cannot break the reply.
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.json_response(text=text, status=status, headers=headers)


class _Handlers:
    def __init__(self, page: Page, stored: StoredSettings) -> None:
        self._page = page
        self._stored = stored
        self._quick = ThreadPoolExecutor(4, thread_name_prefix="polaris-page")
        self._slow = ThreadPoolExecutor(2, thread_name_prefix="polaris-search")

    def _settings(self, request: web.Request) -> Settings:
        return Settings.of(self._stored(request))

    async def _ask(self, ask: Callable[[], _T], *, slow: bool = False) -> _T:
        pool = self._slow if slow else self._quick
        return await asyncio.get_running_loop().run_in_executor(pool, ask)

    async def status(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        settings = self._settings(request)
        return _json(await self._ask(lambda: self._page.status(settings)))

    async def settings(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        return _json({"settings": self._settings(request).payload()})

    async def cards(self, request: web.Request) -> web.StreamResponse:
        query = CardQuery.of(_query(request, QUERY_FIELDS))
        return _json(await self._ask(lambda: self._page.cards(query)))

    async def card(self, request: web.Request) -> web.StreamResponse:
        id, level = _id(request), _query(request, ("maturity",)).maturity()
        return _json(await self._ask(lambda: details_of(self._page.entry(id), level)))

    async def loader(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        id = _id(request)
        return _json(await self._ask(lambda: self._page.loader(id)))

    async def thumbnail(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        fields = _query(request, ("maturity", "v"))
        id, level = _id(request), fields.maturity()
        fields.text("v", "", 64)
        picture = await self._ask(lambda: self._page.thumbnail(id, level))
        headers = {
            "Cache-Control": "private, max-age=86400",
            "ETag": f'"{picture.tag}"',
            "X-Content-Type-Options": "nosniff",
        }
        if any(tag.value == picture.tag for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=picture.content, content_type="image/webp", headers=headers)

    async def search(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        query = SearchQuery.of(await _body(request, TEXT_FIELDS), by_text=True)
        settings = self._settings(request)
        return _json(await self._ask(lambda: self._page.search(query, settings), slow=True))

    async def search_picture(self, request: web.Request) -> web.StreamResponse:
        query = SearchQuery.of(_query(request, PICTURE_FIELDS), by_text=False)
        settings = self._settings(request)
        content = await content_of(request, _PICTURE, _PICTURES)

        def ask() -> Json:
            picture = np.asarray(read_picture_bytes(content, _LOOKED_AT_PX))
            return self._page.search(query, settings, picture)

        return _json(await self._ask(ask, slow=True))

    async def scan(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        await _body(request, ())
        settings = self._settings(request)
        return _accepted(self._page.scan(settings))

    async def index(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        await _body(request, ())
        settings = self._settings(request)
        return _accepted(self._page.index(settings))

    async def jobs(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        return _json({"jobs": [job.payload() for job in self._page.jobs.newest()]})

    async def job(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        return _json({"job": self._page.jobs.get(request.match_info["id"]).payload()})

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        await _body(request, ())
        return _json({"job": self._page.jobs.cancel(request.match_info["id"]).payload()})

    async def pins(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        fields = await _body(request, ("text", "entries", "edit"), _LARGE_BODY)
        text = fields.text("text", "", _PINS)
        entries = fields.ids("entries", _MOST_ENTRIES) or ()
        edit = _edit(fields)
        return _json(await self._ask(lambda: self._page.pins(text, entries, edit)))

    async def freeze(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        nodes = PolarisNodes.of(await _body(request, ("nodes",), _LARGE_BODY))
        return _accepted(self._page.freeze(nodes))

    async def resolve(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        nodes = PolarisNodes.of(await _body(request, ("nodes",), _LARGE_BODY))
        return _accepted(self._page.resolve(nodes))

    async def plan(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        content = await content_of(request, _PICTURE, ("image/png",))
        plans = await self._ask(lambda: plans_in_png(content))
        return _json({"plans": {node: json.loads(plan) for node, plan in plans.items()}})

    async def fetching(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        return _json(await self._ask(self._page.fetching.state))

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        id = await _entry_of(request)
        return _accepted(await self._ask(lambda: self._page.fetching.fetch(id)))

    async def complete(self, request: web.Request) -> web.StreamResponse:
        id = await _entry_of(request)
        return _accepted(await self._ask(lambda: self._page.fetching.complete(id)))

    async def hash(self, request: web.Request) -> web.StreamResponse:
        _nothing(request)
        await _body(request, ())
        return _accepted(self._page.fetching.hash())


async def _entry_of(request: web.Request) -> int:
    _nothing(request)
    return (await _body(request, ("entry",))).number("entry", None, 1, 2**63 - 1)


def _accepted(job: Job) -> web.Response:
    return _json({"job": job.payload()}, 202)


def _id(request: web.Request) -> int:
    return entry_id(request.match_info["id"])


def _query(request: web.Request, known: tuple[str, ...]) -> Fields:
    return Fields.of_query(request.query.items(), known)


def _nothing(request: web.Request) -> None:
    _query(request, ())


async def _body(request: web.Request, known: tuple[str, ...], most: int = _BODY) -> Fields:
    content = await content_of(request, most, ("application/json",))
    return Fields.of_json(decoded(content), known)


def _edit(fields: Fields) -> PinEdit | None:
    given = fields.given("edit")
    if given is None:
        return None
    edit = Fields.of_json(given, ("action", "entry", "slot", "strength"))
    slots = {slot.value: slot for slot in SlotName}
    return PinEdit(
        action=edit.one_of("action", {action.value: action for action in Action}, None),
        entry=edit.number("entry", None, 1, 2**63 - 1),
        slot=None if edit.given("slot") is None else edit.one_of("slot", slots, None),
        strength=edit.strength("strength"),
    )
