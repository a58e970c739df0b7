"""Language models by a short text, for the command line."""

from __future__ import annotations

from pathlib import Path

from polaris_core.errors import InvalidInput
from polaris_core.llm.base import ChatModel

__all__ = ["language_model"]

_ACCEPTED = (
    "Accepted are local:FOLDER, local:OWNER/NAME for a model in the hub's local cache, and "
    "server:URL#NAME, for instance server:http://127.0.0.1:11434/v1#qwen2.5vl"
)


def language_model(spec: str, home: Path) -> ChatModel:
    """The language model that `spec` names.

    Args:
        spec: `local:FOLDER`, `local:OWNER/NAME`, or `server:URL#NAME`.
        home: The private folder in which keys of servers are kept.

    Raises:
        InvalidInput: `spec` is none of these, or the server may not be asked.
        MissingDependency: A package is not installed.
        MissingWeights: The weights are not on this machine.
    """
    kind, _, rest = spec.partition(":")
    if kind == "local" and rest:
        from polaris_core.llm.transformers_model import TransformersModel

        return TransformersModel.load(rest)
    url, _, name = rest.partition("#")
    if kind == "server" and url and name:
        from polaris_core.llm.keys import check_allowed, key_for
        from polaris_core.llm.server import ServerModel

        check_allowed(url, home)
        return ServerModel(url, name, key=key_for(url, home))
    raise InvalidInput("no such language model", value=spec, hint=_ACCEPTED)
