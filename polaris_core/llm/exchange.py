"""One question to one server, until there is a reply or no hope for one.

request ─▶ fault that an easier request may cure?  ─▶ again, easier
        ─▶ fault that may pass?                    ─▶ again, after a pause
        ─▶ tokens spent on thoughts?               ─▶ again, with room for them
        ─▶ reply, or one error with the address, the status and what to do
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field

from polaris_core.errors import LanguageServerProblem
from polaris_core.llm.base import Question
from polaris_core.llm.dialect import Dialect, easier
from polaris_core.llm.endpoint import Endpoint
from polaris_core.llm.faults import Fault, asked_pause_s, fault_in
from polaris_core.llm.transport import Transport
from polaris_core.llm.wire import model_names, reply_from, request_for, spent_on_thoughts

__all__ = ["Exchange", "Server"]

_CHAT = "/chat/completions"
_LONGEST_BACKOFF_S = 20.0
_LISTING_S = 5.0


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to ask, and with how much patience."""

    endpoint: Endpoint
    model: str
    key: str | None = field(repr=False)
    timeout_s: float
    retries: int
    backoff_s: float

    @property
    def url(self) -> str:
        """Where questions go."""
        return f"{self.endpoint.base}{_CHAT}"


class Exchange:
    """Asks one question.

    Attributes:
        dialect: How the server was asked last: after a reply, what it accepts.
        doing: What is being done, for whoever watches from another thread.
    """

    def __init__(self, server: Server, question: Question, dialect: Dialect) -> None:
        self._server = server
        self._question = question
        self._last = ""
        self._deadline = 0.0
        self.dialect = dialect
        self.doing = f"waiting for {server.model}"

    async def run(self) -> str:
        """Ask until there is a reply.

        Raises:
            LanguageServerProblem: There is none, or not in time.
            UnreadableReply: It is a refusal, empty, or broken off.
        """
        timeout_s = self._server.timeout_s
        self._deadline = asyncio.get_running_loop().time() + timeout_s
        try:
            async with Transport(self._server.endpoint, self._server.key) as transport:
                return await asyncio.wait_for(self._ask(transport), timeout_s)
        except asyncio.TimeoutError:
            pass
        raise LanguageServerProblem(
            f"{self._server.url} did not answer within {timeout_s:g} s",
            value=self._last,
            hint="The model may still be loading, or be too large for its machine; otherwise "
            "allow more time",
        )

    async def _ask(self, transport: Transport) -> str:
        attempt = 0
        while True:
            request = request_for(self._question, self._server.model, self.dialect)
            answer = await transport.post(_CHAT, json.dumps(request).encode("utf-8"))
            data, fault = fault_in(answer)
            if fault is None:
                roomier = self.dialect.with_room_for_thoughts()
                if roomier is None or not spent_on_thoughts(data):
                    return self._read(data)
                self.dialect = roomier
            elif simpler := easier(self.dialect, fault.status, fault.raw):
                self.dialect = simpler
            elif fault.passing and (fault.is_loading or attempt < self._server.retries):
                await self._pause(fault, attempt)
                attempt += 1
            else:
                raise await self._problem(transport, fault)

    def _read(self, data: object) -> str:
        try:
            return reply_from(data)
        except LanguageServerProblem as problem:
            where = f"{self._server.url}: {problem.problem}"
            raise LanguageServerProblem(where, value=problem.value, hint=problem.hint) from None

    async def _pause(self, fault: Fault, attempt: int) -> None:
        """Wait, longer each time, but never past the deadline."""
        longest = min(self._server.backoff_s * 2 ** min(attempt, 10), _LONGEST_BACKOFF_S)
        asked = asked_pause_s(fault.retry_after) or 0.0
        # Many who were refused together should not come back together.
        pause_s = max(asked, longest * random.uniform(0.75, 1.25))
        if asyncio.get_running_loop().time() + pause_s >= self._deadline:
            wait = f"It asks to wait {asked:.0f} s. " if asked else ""
            raise self._as_problem(fault, f"{wait}{fault.hint}")
        self._last = f"the last time it {fault.problem}"
        self.doing = f"{self._server.model} {fault.problem}: asking again in {pause_s:.1f} s"
        await asyncio.sleep(pause_s)
        self.doing = f"waiting for {self._server.model}"

    async def _problem(self, transport: Transport, fault: Fault) -> LanguageServerProblem:
        """The error for a fault; where the model's name is in doubt with those the server knows."""
        names: list[str] = []
        if fault.is_about_the_model:
            try:
                listing = await asyncio.wait_for(transport.get("/models"), _LISTING_S)
                names = model_names(fault_in(listing)[0])
            except asyncio.TimeoutError:
                pass
        hint = f"It knows the models {', '.join(names)}" if names else fault.hint
        return self._as_problem(fault, hint)

    def _as_problem(self, fault: Fault, hint: str) -> LanguageServerProblem:
        problem = f"{self._server.url} {fault.problem}"
        return LanguageServerProblem(problem, value=fault.said, hint=hint)
