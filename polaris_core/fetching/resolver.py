"""Look names up so that a connection goes only to an address that was checked.

aiohttp connects to what its resolver returns and looks nothing up itself, so a name that leads to
another address the next time (DNS rebinding) gains nothing: every connection asks here again.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from polaris_core.fetching.networks import is_public

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver, ResolveResult

__all__ = ["CheckedResolver", "Lookup", "PrivateAddressError"]

Lookup = Callable[[str, int], Awaitable[list["ResolveResult"]]]
"""The addresses of a host, as aiohttp's resolvers give them."""


class PrivateAddressError(OSError):
    """A name leads into a private network."""


class CheckedResolver:
    """What aiohttp asks for the addresses of a name; refuses a name if one of them is private.

    Args:
        lookup: Asks the name servers; None for aiohttp's own.
        may_connect: Tells whether an address may be connected to.
    """

    def __init__(
        self, lookup: Lookup | None = None, may_connect: Callable[[str], bool] = is_public
    ) -> None:
        self._lookup = lookup
        self._may_connect = may_connect
        self._own: AbstractResolver | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            PrivateAddressError: One of them may not be connected to.
            OSError: It has none.
        """
        if self._lookup is not None:
            found = await self._lookup(host, port)
        else:
            from aiohttp import ThreadedResolver

            self._own = self._own or ThreadedResolver()
            found = await self._own.resolve(host, port, family)
        if not found:
            raise OSError(f"no address for {host}")
        if not all(self._may_connect(each["host"]) for each in found):
            raise PrivateAddressError(host)
        return found

    async def close(self) -> None:
        """Give back what it holds."""
        if self._own is not None:
            await self._own.close()
            self._own = None
