"""How long operations report progress and are stopped."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """Called now and then by whatever may take over a second.

    An implementation stops the operation by raising `Cancelled`; what was finished stays.
    """

    def __call__(self, done: int, total: int, what: str, /) -> None:
        """Report that `done` of `total` steps are finished; `total` is 0 while unknown."""
        ...


def silent(done: int, total: int, what: str, /) -> None:
    """Report to nobody."""
