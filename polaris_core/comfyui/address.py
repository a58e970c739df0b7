"""The address of a ComfyUI server, as people type it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from polaris_core.errors import InvalidInput

__all__ = ["DEFAULT_ADDRESS", "parse_address"]

DEFAULT_ADDRESS = "http://127.0.0.1:8188"
_DEFAULT_PORT = 8188
_HINT = f"Write it like {DEFAULT_ADDRESS}"
_HOST = re.compile(r"[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_PATH = re.compile(r"[\w./~-]{0,500}")


def parse_address(text: str) -> str:
    """Check an address and bring it into the form `http://host:port`, without a slash at the end.

    `host`, `host:port` and whole `http` and `https` addresses are understood; a path in front of
    the server's own (behind a proxy) is kept. Without a scheme it is http, and the port 8188.

    Raises:
        InvalidInput: It is none of these, or it holds a user name, a query or a fragment.
    """
    bare = "://" not in text
    try:
        parts = urlsplit(f"http://{text.strip()}" if bare else text.strip())
        port = parts.port
    except ValueError as error:
        raise InvalidInput("this is not the address of a server", value=text, hint=_HINT) from error
    if parts.scheme not in ("http", "https"):
        raise InvalidInput("a server's address is http or https", value=text, hint=_HINT)
    if "@" in parts.netloc:
        # The value may hold a password, so it is not shown.
        raise InvalidInput("a server's address takes no user name or password", hint=_HINT)
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc.rstrip(":")
    path = parts.path.rstrip("/")
    if not (_HOST.fullmatch(host) and _PATH.fullmatch(path)) or parts.query or parts.fragment:
        raise InvalidInput("this is not the address of a server", value=text, hint=_HINT)
    if port is None and bare:
        port = _DEFAULT_PORT
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{path}"
