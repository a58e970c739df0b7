"""A language model behind any server that speaks OpenAI's chat protocol."""

from __future__ import annotations

import math

from polaris_core.errors import InvalidInput, MissingDependency
from polaris_core.llm.background import run_beside
from polaris_core.llm.base import Question
from polaris_core.llm.dialect import Dialect
from polaris_core.llm.endpoint import parse_endpoint
from polaris_core.llm.exchange import Exchange, Server
from polaris_core.llm.keys import check_key
from polaris_core.progress import Progress, silent

__all__ = ["ServerModel"]

_LONGEST_NAME = 500


class ServerModel:
    """A `ChatModel` behind an OpenAI-compatible server. It may be used from several threads.

    Whether the server may be asked, and with which key, is decided in `polaris_core.llm.keys`.

    Attributes:
        url: What stands before `/chat/completions`.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str | None = None,
        sees_pictures: bool = True,
        timeout_s: float = 120.0,
        retries: int = 3,
        backoff_s: float = 0.5,
    ) -> None:
        """Check the values; nothing is sent yet.

        Args:
            url: The server's address, with or without `/chat/completions` at the end.
            model: As the server calls it.
            key: Sent as a bearer token; it never appears in an error or in `repr`.
            sees_pictures: Whether pictures are sent.
            timeout_s: After so long a question is given up, with all its retries.
            retries: How often a request is sent again after a fault that may pass.
            backoff_s: The first pause before that; it doubles each time, up to 20 s.

        Raises:
            InvalidInput: A value cannot be used, or the key would travel unencrypted to a host
                that is not private.
        """
        endpoint = parse_endpoint(url)
        self.url = endpoint.base
        if key is not None:
            check_key(key, endpoint)
        if not model.strip() or len(model) > _LONGEST_NAME or not model.isprintable():
            raise InvalidInput("this is not the name of a model", value=model)
        if not (math.isfinite(timeout_s) and timeout_s > 0):
            raise InvalidInput("a timeout is a number of seconds over 0", value=timeout_s)
        self._server = Server(endpoint, model.strip(), key, timeout_s, retries, backoff_s)
        self._dialect = Dialect(pictures=sees_pictures)

    def __repr__(self) -> str:
        return f"ServerModel({self.url!r}, {self.name!r})"

    @property
    def name(self) -> str:
        """What the server calls it."""
        return self._server.model

    @property
    def sees_pictures(self) -> bool:
        """Whether pictures are sent."""
        return self._dialect.pictures

    def reply(self, question: Question, progress: Progress = silent) -> str:
        """Answer a question. It may be called from within a running event loop, which it blocks.

        Args:
            question: What to ask. Where the server knows no schemas, the schema stands in the
                prompt.
            progress: Called ten times a second. Whatever it raises ends the request at once.

        Returns:
            The reply without what the model thought aloud.

        Raises:
            LanguageServerProblem: The server cannot be reached, refuses, answers nonsense, or not
                in time.
            UnreadableReply: The reply is a refusal, empty, or broken off at its longest.
            MissingDependency: aiohttp is not installed.
            Cancelled: `progress` raised it; whatever else it raises passes through as well.
        """
        try:
            import aiohttp  # noqa: F401  # pyright: ignore[reportUnusedImport]
        except ImportError as error:
            raise MissingDependency(
                "aiohttp is not installed", hint="pip install aiohttp"
            ) from error
        exchange = Exchange(self._server, question, self._dialect)
        text = run_beside(exchange.run, lambda: progress(0, 0, exchange.doing))
        self._dialect = exchange.dialect
        return text
