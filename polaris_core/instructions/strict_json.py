"""Read and write the frozen values as JSON, refusing whatever is not exactly one of them.

Pydantic checks fields and types; what it lets pass is refused here: duplicate keys, NaN, too long a
text, another version.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from polaris_core.errors import InvalidInput

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic_core import ErrorDetails

__all__ = ["read_value", "write_value"]

_MAX_CHARACTERS = 2_000_000
_Value = TypeVar("_Value")


def write_value(value: DataclassInstance, version: int, indent: int | None) -> str:
    """The value as JSON, with its version first."""
    fields = {"version": version, **dataclasses.asdict(value)}
    return json.dumps(fields, indent=indent, ensure_ascii=False, allow_nan=False)


def read_value(
    text: str, kind: type[_Value], *, version: int, error: type[InvalidInput], complete: bool
) -> _Value:
    """Read what `write_value` wrote.

    Args:
        text: JSON, from anywhere.
        kind: The dataclass it must be.
        version: The version understood.
        error: What to raise.
        complete: Whether fields that have a default must be there all the same.

    Raises:
        error: Anything else than such a value; it names field, value and what is accepted.
    """
    name = kind.__name__.removeprefix("Edit").lower()
    fields = _load(text, name, error)
    _check_version(fields, version, name, error)
    known = [f.name for f in dataclasses.fields(cast("type[DataclassInstance]", kind))]
    if "version" not in known:
        del fields["version"]
    for missing in [f for f in known if complete and f not in fields]:
        raise error(f"the {name} lacks the field {missing!r}")
    from pydantic import ValidationError

    try:
        model: Any = _model_of(kind)
        # Through JSON again: only there do strict types let a list be a tuple, a string an enum.
        return cast(_Value, model.model_validate_json(json.dumps({"value": fields})).value)
    except ValidationError as problem:
        _refuse(problem.errors(include_url=False)[0], name, error)
    except (RecursionError, ValueError) as problem:
        raise error(f"the JSON of the {name} cannot be read", value=str(problem)) from problem


@functools.cache
def _model_of(kind: type[object]) -> object:
    from pydantic import ConfigDict, create_model

    strict = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    return create_model(kind.__name__, __config__=strict, value=(kind, ...))


def _load(text: str, name: str, error: type[InvalidInput]) -> dict[str, Any]:
    if len(text) > _MAX_CHARACTERS:
        raise error(
            f"the JSON of the {name} is too long",
            value=f"{len(text)} characters",
            hint=f"At most {_MAX_CHARACTERS} are read",
        )
    try:
        data = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise error(
            f"the {name} is not valid JSON ({str(problem)[:200]})",
            value=text,
            hint="Paste it as Polaris wrote it",
        ) from problem
    if not isinstance(data, dict):
        raise error(f"the JSON of the {name} must be an object {{…}}", value=text)
    return cast("dict[str, Any]", data)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise ValueError(f"the field {twice!r} stands there twice")
    return fields


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def _check_version(
    fields: dict[str, Any], version: int, name: str, error: type[InvalidInput]
) -> None:
    found = fields.get("version")
    if type(found) is int and found == version:
        return
    if type(found) is int and found > version:
        raise error(
            f"the {name} was written by a newer Polaris, as version",
            value=str(found),
            hint=f"This one reads version {version}: update Polaris",
        )
    raise error(
        f"the {name} tells no version that can be read",
        value="" if found is None else repr(found),
        hint=f"Its field version must be {version}",
    )


def _refuse(problem: ErrorDetails, name: str, error: type[InvalidInput]) -> NoReturn:
    field = ".".join(str(part) for part in problem["loc"][1:])
    if problem["type"] == "json_invalid":
        raise error(f"the JSON of the {name} cannot be read", value=problem["msg"])
    if problem["type"] == "unexpected_keyword_argument":
        raise error(f"the {name} has no field {field!r}", value=problem["input"])
    if problem["type"] in ("missing", "missing_argument"):
        raise error(f"the {name} lacks the field {field!r}")
    raise error(
        f"the field {field!r} of the {name} cannot be used",
        value=problem["input"],
        hint=f"Accepted: {problem['msg'].removeprefix('Input should be ')}",
    )
