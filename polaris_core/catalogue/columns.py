"""What filters ask of every entry, as arrays: one row an entry, by rising id."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from polaris_core.catalogue.entry import BaseModel, Kind, Maturity, Role
from polaris_core.errors import StoreProblem

__all__ = ["BASE_MODELS", "KINDS", "ROLES", "Columns", "read_columns"]

KINDS = tuple(Kind)
"""`KINDS[code]` is the kind that `Columns.kind` means by `code`."""
BASE_MODELS = tuple(BaseModel)
ROLES = tuple(Role)
_YES, _NO = 1, 2
"""How `rows` writes an answer; 0 is unknown."""

Codes = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Columns:
    """Facts about all `n` entries; the arrays are of shape `n` and cannot be written to."""

    ids: npt.NDArray[np.int64]
    """Rising."""
    kind: Codes
    """Positions in `KINDS`."""
    base_model: Codes
    """Positions in `BASE_MODELS`."""
    role: Codes
    """Positions in `ROLES`."""
    maturity: Codes
    """Values of `Maturity`: 0 unknown, 1 PG … 32 blocked."""
    terms: Codes
    """What licences allow, in bits: read it with the methods below."""
    unsafe: Flags
    on_disk: Flags

    def is_kind(self, kind: Kind) -> Flags:
        """Which entries are of that kind."""
        return self.kind == KINDS.index(kind)

    def is_family(self, family: BaseModel) -> Flags:
        """Which entries' base model is of the same family as `family`."""
        kin = [b.family is family.family for b in BASE_MODELS]
        return np.take(kin, self.base_model)

    def is_role(self, *roles: Role) -> Flags:
        """Which entries have one of these roles."""
        return np.take([role in roles for role in ROLES], self.role)

    def allows_business(self) -> Flags:
        """Which entries are known to allow the sale of pictures."""
        return self.terms & 3 == _YES

    def needs_no_credit(self) -> Flags:
        """Which entries are known to ask for no credit."""
        return self.terms >> 2 & 3 == _NO

    def allows_derivatives(self) -> Flags:
        """Which entries are known to allow merges and training to be shared."""
        return self.terms >> 4 & 3 == _YES

    def shows_person(self) -> Flags:
        """Which entries show the likeness of a real person."""
        return self.terms >> 6 & 1 == 1


def read_columns(connection: sqlite3.Connection) -> Columns:
    """Read all columns; entries alike in everything come as one group, so this is quick.

    Raises:
        StoreProblem: An entry holds a value this version of Polaris does not know.
    """
    groups = connection.execute(
        "SELECT kind, base_model, role, maturity, terms, unsafe, on_disk, group_concat(id) "
        "FROM entries INDEXED BY entries_facets GROUP BY 1, 2, 3, 4, 5, 6, 7"
    ).fetchall()
    try:
        facts = np.zeros((7, len(groups)), dtype=np.int8)
        for number, group in enumerate(groups):
            facts[:, number] = _codes(group)
    except ValueError as error:
        raise StoreProblem(
            f"the catalogue holds a value this Polaris does not know ({error})",
            hint="update Polaris, or delete the catalogue's file and scan again",
        ) from error
    ids = np.fromstring(",".join(group[7] for group in groups), dtype=np.int64, sep=",")
    sizes = [group[7].count(",") + 1 for group in groups]
    order = np.argsort(ids)
    columns: Codes = np.repeat(facts, sizes, axis=1)[:, order]
    flags = columns[5:].astype(np.bool_)
    ids = ids[order]
    for array in (ids, columns, flags):
        array.setflags(write=False)
    return Columns(ids, *columns[:5], *flags)


def _codes(group: Sequence[Any]) -> tuple[int, int, int, int, int, int, int]:
    kind, base_model, role, maturity, terms, unsafe, on_disk = group[:7]
    return (
        KINDS.index(Kind(kind)),
        BASE_MODELS.index(BaseModel(base_model)),
        ROLES.index(Role(role)),
        Maturity(maturity),
        terms & 127,
        unsafe,
        on_disk,
    )
