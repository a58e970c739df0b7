"""The address of a language model's server, as people type it, and whose machine it is."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from polaris_core.errors import InvalidInput

__all__ = ["Endpoint", "is_forbidden_address", "parse_endpoint"]

_HINT = "Write it like http://127.0.0.1:11434/v1"
_MOST_CHARACTERS = 2000
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH = re.compile(r"[A-Za-z0-9._~/+:-]*")
_PORTS = {"http": 80, "https": 443}
_HOME_NAMES = (".local", ".localhost", ".internal", ".home.arpa")
"""Ends of names that no public name server answers for."""
_PRIVATE_NETWORKS = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
)
"""Narrower than `is_private`, which differs between versions of Python and takes in tunnels."""
_METADATA_NAME = "metadata.google.internal"
_METADATA = frozenset({"192.0.0.192", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"})
"""Where clouds hand out a machine's secrets, beside the link-local addresses."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server's routes begin."""

    base: str
    """What stands before `/chat/completions`, for instance `https://api.openai.com/v1`."""
    origin: str
    """Scheme, host and port: `https://api.openai.com`. The usual port is left out."""
    host: str
    """In lower case; an IPv6 address without brackets."""
    is_private: bool
    """Whether it is on this machine or in the user's own network, by its address or name."""

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.base.startswith("https:")


def parse_endpoint(text: str) -> Endpoint:
    """Check the address of a server.

    With or without `/chat/completions` at the end. Without any path it is `/v1`, where all servers
    of this kind answer. Without a scheme it is http on private hosts and https on others.

    Raises:
        InvalidInput: It is no http or https address, it holds a user name, a query or a fragment,
            or it belongs to a cloud's metadata service.
    """
    parts, port = _split(text)
    host = _host(parts, text)
    private = _is_private(host)
    scheme = parts.scheme or ("http" if private else "https")
    path = re.sub("/{2,}", "/", parts.path).rstrip("/").removesuffix("/chat/completions")
    if not _PATH.fullmatch(path) or parts.query or parts.fragment:
        shown = text.partition("?")[0]  # a query may hold a key
        raise InvalidInput("this is not the address of a server", value=shown, hint=_HINT)
    shown = f"[{host}]" if ":" in host else host
    origin = f"{scheme}://{shown}" + ("" if port in (None, _PORTS[scheme]) else f":{port}")
    return Endpoint(f"{origin}{path or '/v1'}", origin, host, private)


def is_forbidden_address(address: str) -> bool:
    """Whether an IP address is link-local or that of a cloud's metadata service."""
    ip = _ip(address.partition("%")[0])
    return ip is not None and (ip.is_link_local or str(ip) in _METADATA)


def _split(text: str) -> tuple[SplitResult, int | None]:
    bare = "://" not in text
    if "@" in text:
        # The value may hold a password, so it is not shown.
        raise InvalidInput("a server's address takes no user name or password", hint=_HINT)
    if len(text) > _MOST_CHARACTERS:
        raise InvalidInput("this is not the address of a server", value=text, hint=_HINT)
    try:
        parts = urlsplit(f"//{text.strip()}" if bare else text.strip())
        port = parts.port
    except ValueError as error:
        raise InvalidInput("this is not the address of a server", value=text, hint=_HINT) from error
    if not bare and parts.scheme not in _PORTS:
        raise InvalidInput("a server's address is http or https", value=text, hint=_HINT)
    return parts, port


def _host(parts: SplitResult, text: str) -> str:
    bracketed = parts.netloc.startswith("[")
    host = (parts.hostname or "").lower()
    ip = _ip(host)
    # Resolvers also take 2130706433 and 0x7f.1 for addresses, which hides whose they are.
    odd = _NUMBER.fullmatch(host.rpartition(".")[2]) is not None
    named = not (bracketed or odd or len(host) > 253) and _NAME.fullmatch(host)
    if "%" in host or not (ip or named):
        hint = f"{_HINT}; hosts are written in ASCII, an IPv6 address in brackets"
        raise InvalidInput("this is not the address of a server", value=text, hint=hint)
    if is_forbidden_address(host) or host == _METADATA_NAME:
        raise InvalidInput(
            "link-local addresses and metadata services are never asked", value=host, hint=_HINT
        )
    return host if ip is None else str(ip)


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def _is_private(host: str) -> bool:
    ip = _ip(host)
    if ip is not None:
        return ip.is_loopback or ip.is_unspecified or any(ip in net for net in _PRIVATE_NETWORKS)
    return "." not in host or host.endswith(_HOME_NAMES)
