"""The page's routes on ComfyUI's server; what answers them is loaded with the first request."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _host, _plans

if TYPE_CHECKING:
    from aiohttp import web

    from polaris_core.catalogue.entry import Kind
    from polaris_core.catalogue.scan import ModelFolder
    from polaris_core.page.http import Handler
    from polaris_core.retrieval.zoo import Zoo

_lock = threading.Lock()
_handlers: dict[str, Handler] = {}


class _ComfyUI:
    """What `polaris_core.page.service.PageHost` asks for."""

    @property
    def home(self) -> Path:
        return _host.zoo_home()

    def folders(self) -> Sequence[ModelFolder]:
        return _host.model_folders()

    def zoo(self, text_encoder: str, image_encoder: str) -> Zoo:
        return _host.open_zoo(text_encoder, image_encoder)

    def opened_zoo(self, text_encoder: str, image_encoder: str) -> Zoo | None:
        return _host.opened_zoo(text_encoder, image_encoder)

    def listed(self, kind: Kind, path: str) -> str | None:
        return _host.listed(kind.value, path)

    def is_busy(self) -> bool:
        from server import PromptServer

        return PromptServer.instance.prompt_queue.get_tasks_remaining() > 0

    def send(self, event: str, facts: dict[str, Any]) -> None:
        from server import PromptServer

        PromptServer.instance.send_sync(event, facts)


def register() -> None:
    """Give ComfyUI's server our routes, and a look at what it is asked to run."""
    from server import PromptServer

    from polaris_core.page.addresses import ADDRESSES

    server = getattr(PromptServer, "instance", None)
    if server is None:  # ComfyUI's modules without its server, as in a test
        return
    for address in ADDRESSES:
        server.routes.route(address.method, address.path)(_answering(address.name))
    server.add_on_prompt_handler(_plans.prepare)


def _answering(name: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        handlers = _handlers or await asyncio.to_thread(_load)
        return await handlers[name](request)

    return answer


def _load() -> dict[str, Handler]:
    from polaris_core.page.http import handlers_of
    from polaris_core.page.service import Page

    with _lock:
        if not _handlers:
            _handlers.update(handlers_of(Page(_ComfyUI()), _stored_settings))
    return _handlers


def _stored_settings(request: web.Request) -> Mapping[str, object]:
    from server import PromptServer

    return PromptServer.instance.user_manager.settings.get_settings(request)
