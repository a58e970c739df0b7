"""Adapters and checkpoints of the Hugging Face Hub, or of a site that serves its API.

The hub lists repositories, those changed last first; what is in one is asked for only if the
catalogue does not have this very commit of it. So a listing that was broken off is begun anew, and
costs little.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from polaris_core import __version__
from polaris_core.catalogue.imports import Refused
from polaris_core.catalogue.offers import Offer
from polaris_core.errors import InvalidInput, MissingDependency, SourceProblem
from polaris_core.importing.base import Known, Page
from polaris_core.importing.cards import Repository, WeightsFile, offers_of_card
from polaris_core.importing.http import Patience
from polaris_core.llm.background import run_beside
from polaris_core.llm.endpoint import parse_endpoint
from polaris_core.llm.faults import asked_pause_s
from polaris_core.progress import Progress

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["HUB", "HubSource"]

HUB = "https://huggingface.co"
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_REPOSITORIES_PER_PAGE = 20
_README_BYTES = 1 << 20
_TASK = "text-to-image"
_PATIENCE = Patience(pause_s=0.1)

_T = TypeVar("_T")


class HubSource:
    """Repositories of the hub that make pictures out of text."""

    newest_first = True

    def __init__(
        self,
        *,
        endpoint: str = HUB,
        token: str | None = None,
        tags: tuple[str, ...] = (),
        author: str = "",
        limit: int | None = None,
        patience: Patience = _PATIENCE,
    ) -> None:
        """Nothing is asked yet.

        Args:
            endpoint: The hub's address.
            token: Sent to that address only; None for none, whatever the machine holds.
            tags: Repositories with all of these tags, such as `lora`.
            author: Only of this user or organisation.
            limit: How many repositories at the most; None for all.
            patience: How long the hub is waited for.

        Raises:
            InvalidInput: `endpoint` is no address of a site, or would be asked unencrypted.
        """
        self._endpoint = endpoint.strip().rstrip("/")
        where = parse_endpoint(self._endpoint)
        if "://" not in self._endpoint or not (where.is_encrypted or where.is_private):
            hint = "Begin it with https://"
            raise InvalidInput("not the address of a hub", value=endpoint, hint=hint)
        self._token = token
        self._tags = tags
        self._author = author
        self._limit = limit
        self._patience = patience
        self._next = 0.0
        chosen = ", ".join(filter(None, (*tags, author)))
        self._host = urlsplit(self._endpoint).netloc
        self.origin = f"huggingface:{self._host}" + (f" ({chosen})" if chosen else "")

    def pages(self, cursor: str, known: Known, progress: Progress) -> Iterator[Page]:
        """As `Source.pages`; a cursor only says how far a listing was: it is begun anew.

        Raises:
            MissingDependency: huggingface_hub is not installed.
        """
        api = self._api()
        listing = _Listing(lambda: self._list(api))
        done = 0
        while batch := self._more(listing, progress):
            offers: list[Offer] = []
            refused: list[Refused] = []
            skipped = 0
            for info in batch:
                if known(f"{info.id}@{info.sha}"):
                    skipped += 1
                elif any(_is_weights(sibling.rfilename) for sibling in info.siblings or ()):
                    found = self._read(api, info.id, progress)
                    if isinstance(found, Refused):
                        refused.append(found)
                    else:
                        offers += found
            done += len(batch)
            yield Page(tuple(offers), tuple(refused), f"after {done}", done, known=skipped)
        yield Page((), done=done, total=done)

    def _list(self, api: HfApi) -> Iterator[Any]:
        return iter(
            api.list_models(
                pipeline_tag=_TASK,
                filter=list(self._tags) or None,
                author=self._author or None,
                sort="last_modified",
                full=True,
                limit=self._limit,
            )
        )

    def _api(self) -> HfApi:
        try:
            from huggingface_hub import HfApi
        except ImportError as error:
            hint = "pip install huggingface_hub"
            raise MissingDependency("huggingface_hub is not installed", hint=hint) from error
        return HfApi(
            endpoint=self._endpoint,
            token=self._token or False,
            library_name="polaris-zoo",
            library_version=__version__,
        )

    def _more(self, listing: _Listing, progress: Progress) -> list[Any]:
        """The next repositories; none at the end.

        Raises:
            SourceProblem: There is no hub at the address, or it refuses to list them.
        """
        from huggingface_hub.errors import HfHubHTTPError

        try:
            return self._patiently(listing.more, progress)
        except HfHubHTTPError as error:
            status = error.response.status_code
            problem = f"{self._host} answered {status} to the question for its models"
            hint = "Is the address that of a hub? Tokens: see `polaris import --help`"
            raise SourceProblem(problem, value=self._endpoint, hint=hint) from None
        except (TypeError, KeyError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            problem = f"{self._host} lists models in a form that is not known"
            raise SourceProblem(problem, value=reason, hint="Update huggingface_hub") from error

    def _read(self, api: HfApi, id: str, progress: Progress) -> list[Offer] | Refused:
        """The offers of one repository, or why it cannot be read."""
        from huggingface_hub.errors import HfHubHTTPError

        try:
            info: Any = self._patiently(lambda: api.model_info(id, files_metadata=True), progress)
            try:
                readme = self._patiently(lambda: self._readme(info), progress)
            except HfHubHTTPError:  # of a gated repository the hub tells the rest
                readme = ""
            return offers_of_card(self._repository(info, readme))
        except HfHubHTTPError as error:  # private, or gone
            return Refused(id, f"the hub answered {error.response.status_code}")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # What the hub says of this repository is not what its library expects.
            return Refused(id, "its description cannot be read", f"{type(error).__name__}: {error}")

    def _repository(self, info: Any, readme: str) -> Repository:  # noqa: ANN401  ModelInfo
        files = [
            WeightsFile(s.rfilename, s.size or 0, (s.lfs.sha256 if s.lfs else "") or "")
            for s in info.siblings or ()
        ]
        return Repository(
            info.id,
            str(info.sha or "main"),
            tuple(tag for tag in info.tags or () if isinstance(tag, str)),
            tuple(files),
            info.card_data.to_dict() if info.card_data else {},
            readme,
            self._endpoint,
            gated=bool(getattr(info, "gated", False)),
        )

    def _readme(self, info: Any) -> str:  # noqa: ANN401  ModelInfo
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import get_session, hf_raise_for_status

        card = next((s for s in info.siblings or () if s.rfilename == "README.md"), None)
        if card is None or (card.size or 0) > _README_BYTES:
            return ""
        url = hf_hub_url(info.id, card.rfilename, revision=info.sha, endpoint=self._endpoint)
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        headers["User-Agent"] = f"polaris-zoo/{__version__}"
        answer = get_session().get(url, headers=headers, timeout=self._patience.timeout_s)
        hf_raise_for_status(answer)
        return answer.content[:_README_BYTES].decode("utf-8", "replace")

    def _patiently(self, call: Callable[[], _T], progress: Progress) -> _T:
        """Make a call of the hub's library, and make it again where it may go better."""
        host = self._host
        trouble = ""
        for attempt in range(self._patience.attempts):
            time.sleep(max(0.0, min(self._next - time.monotonic(), self._patience.pause_s)))
            self._next = time.monotonic() + self._patience.pause_s
            try:
                return run_beside(
                    lambda: asyncio.to_thread(call), lambda: progress(0, 0, f"waiting for {host}")
                )
            except Exception as error:
                trouble, asked = _passing(error)
            backoff = self._patience.first_backoff_s * 2**attempt
            pause_s = max(
                asked, min(backoff, self._patience.longest_backoff_s) * random.uniform(0.75, 1.25)
            )
            if asked > self._patience.longest_asked_s:
                break
            until = time.monotonic() + pause_s
            while (left := until - time.monotonic()) > 0:
                progress(0, 0, f"{host} {trouble}: asking again in {left:.0f} s")
                time.sleep(min(0.1, left))
        raise SourceProblem(
            f"{host} {trouble}, several times",
            value=self._endpoint,
            hint="Try again later: what was read is kept and not asked for again",
        )


class _Listing:
    """Repositories as the hub lists them; one that broke off is begun anew and gone on with."""

    def __init__(self, begin: Callable[[], Iterator[Any]]) -> None:
        self._begin = begin
        self._rest: Iterator[Any] | None = None
        self._given = 0

    def more(self) -> list[Any]:
        """The next ones; none at the end."""
        if self._rest is None:
            self._rest = islice(self._begin(), self._given, None)
        try:
            found = list(islice(self._rest, _REPOSITORIES_PER_PAGE))
        except BaseException:
            self._rest = None  # an iterator that has raised only says that it is at its end
            raise
        self._given += len(found)
        return found


def _is_weights(name: str) -> bool:
    return "/" not in name and name.endswith(".safetensors")


def _passing(error: Exception) -> tuple[str, float]:
    """What went wrong and how long to wait, if it may pass; else the error is raised again.

    Raises:
        SourceProblem: The hub's library is told not to use the network.
        Exception: `error`, which asking again would not change.
    """
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        hint = "Unset HF_HUB_OFFLINE"
        raise SourceProblem("huggingface_hub is set to stay offline", hint=hint) from error
    if isinstance(error, HfHubHTTPError):
        response = error.response
        if response.status_code not in _PASSING:
            raise error
        asked = asked_pause_s(response.headers.get("Retry-After", "")) or 0.0
        return f"answered {response.status_code}", asked
    if isinstance(error, json.JSONDecodeError):
        return "did not answer in JSON", 0.0
    module = type(error).__module__.partition(".")[0]
    if isinstance(error, OSError) or module in ("httpx", "httpx2", "httpcore", "requests"):
        return f"cannot be reached ({type(error).__name__})", 0.0
    raise error
