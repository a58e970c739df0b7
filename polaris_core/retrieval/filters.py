"""Which entries may be retrieved at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from polaris_core.catalogue.columns import Columns
from polaris_core.catalogue.entry import BaseModel, Entry, Maturity, Role
from polaris_core.errors import InvalidInput

__all__ = ["Filters", "Flags", "in_folders"]

Flags = npt.NDArray[np.bool_]
"""One for each entry, shape `n`."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What an entry must be."""

    max_maturity: int = Maturity.PG
    """The most mature that may be used, a value of `Maturity`; entries that say nothing of it pass.
    """
    families: frozenset[BaseModel] | None = None
    """Base model families; None for all."""
    roles: frozenset[Role] | None = None
    """None for all."""
    on_disk_only: bool = True
    include_unsafe: bool = False
    """Whether pickled files may be used."""
    ids: frozenset[int] | None = None
    """Only these entries; None for all."""
    folders: tuple[str, ...] = ()
    """Only files in these subfolders of their model folders, with `/`; empty for all."""
    commercial: bool = False
    """Only entries known to allow the sale of pictures: where nobody says so, none is allowed."""
    no_credit: bool = False
    """Only entries known to ask for no credit."""
    derivatives: bool = False
    """Only entries known to allow what is made of them, merges and training, to be shared."""
    people: bool = True
    """Whether entries that show a real person's likeness may be used."""

    def flags(self, columns: Columns) -> Flags:
        """Which entries pass everything but `folders`, shape `n` as the columns are."""
        passed = columns.maturity <= int(self.max_maturity)
        if self.on_disk_only:
            passed &= columns.on_disk
        if not self.include_unsafe:
            passed &= ~columns.unsafe
        passed &= self._licensed(columns)
        if self.families is not None:
            kin = [columns.is_family(family) for family in self.families]
            passed &= np.any(kin, axis=0) if kin else False
        if self.roles is not None:
            passed &= columns.is_role(*self.roles)
        if self.ids is not None:
            passed &= np.isin(columns.ids, np.fromiter(self.ids, np.int64, len(self.ids)))
        return passed

    def _licensed(self, columns: Columns) -> Flags:
        """Which entries' licences allow what is asked for."""
        passed: Flags = np.ones(len(columns.ids), np.bool_)
        if self.commercial:
            passed &= columns.allows_business()
        if self.no_credit:
            passed &= columns.needs_no_credit()
        if self.derivatives:
            passed &= columns.allows_derivatives()
        return passed if self.people else passed & ~columns.shows_person()

    def check(self, entry: Entry) -> None:
        """See that an entry which was named by the user may be used.

        Raises:
            InvalidInput: It may not, and why.
        """
        named = f"{entry.name} ({entry.file or entry.source or 'no file'})"
        if self.on_disk_only and not entry.on_disk:
            place = entry.source or entry.download
            raise InvalidInput(
                "a pinned model is not on this disk",
                value=named,
                hint=f"Get it from {place}" if place else "Remove the pin",
            )
        if entry.unsafe and not self.include_unsafe:
            raise InvalidInput(
                "a pinned model is a pickled file, which may run code when it is loaded",
                value=named,
                hint="Pin a safetensors version of it",
            )
        if int(entry.maturity) > int(self.max_maturity):
            raise InvalidInput(
                f"a pinned model is rated {entry.maturity.name}",
                value=named,
                hint=f"Allow {entry.maturity.name} in the zoo, or remove the pin",
            )
        self._check_licence(entry, named)
        self._check_choice(entry, named)

    def _check_licence(self, entry: Entry, named: str) -> None:
        """See that its licence allows what is asked for."""
        terms = entry.terms
        licence = entry.licence or "none is known"
        for wanted, met, what in (
            (self.commercial, terms.commercial is True, "to allow the sale of pictures"),
            (self.no_credit, terms.credit is False, "to ask for no credit"),
            (self.derivatives, terms.derivatives is True, "to allow derivatives"),
        ):
            if wanted and not met:
                raise InvalidInput(
                    f"a pinned model is not known {what} (its licence: {licence})",
                    value=named,
                    hint="Remove the pin, or the filter for licences",
                )
        if entry.real_person and not self.people:
            hint = "Remove the pin, or allow them"
            raise InvalidInput("a pinned model shows a real person", value=named, hint=hint)

    def _check_choice(self, entry: Entry, named: str) -> None:
        """See that it is of the families and in the folders that were chosen."""
        families = self.families
        if families is not None and entry.base_model.family not in {f.family for f in families}:
            chosen = ", ".join(sorted(family.value for family in families)) or "none"
            raise InvalidInput(
                f"the filter for families ({chosen}) excludes a pinned model, which is for "
                f"{entry.base_model.value}",
                value=named,
                hint=f"Allow the family {entry.base_model.family.value}, or remove the pin",
            )
        if self.folders and not in_folders(entry.file, self.folders):
            raise InvalidInput(
                f"the filter for folders ({', '.join(self.folders)}) excludes a pinned model",
                value=named,
                hint="Allow its folder too, or remove the pin",
            )


def in_folders(file: str, folders: Sequence[str]) -> bool:
    """Whether a file, relative to its model folder, lies in one of these subfolders or below."""
    return any(file.startswith(f"{folder.strip('/')}/") for folder in folders)
