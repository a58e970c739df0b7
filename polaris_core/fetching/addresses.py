"""Addresses of files, and which of them may be asked.

An address is `https://host/path?query` with a host that is allowed. The one exception is `http` to
a loopback address that the user has named, as tests and mirrors on the same machine need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urljoin, urlsplit

from polaris_core.errors import AddressRefused, InvalidInput
from polaris_core.fetching.networks import is_address, is_loopback, is_public

__all__ = ["USUAL_HOSTS", "Address", "Rules", "host_pattern", "loopback_origin", "parse_address"]

USUAL_HOSTS = (
    *("civitai.com", "*.civitai.com"),
    *("huggingface.co", "*.huggingface.co", "*.hf.co"),
    # Where Civitai's files lie: it redirects there.
    "civitai-delivery-worker-prod.5ac0637cfd0766c97916cefa3764fbdf.r2.cloudflarestorage.com",
)
"""The hosts that are allowed where the user has named none."""

_PORTS = {"https": 443, "http": 80}
_MOST_CHARACTERS = 8192
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATTERN = re.compile(rf"(?:\*\.{_LABEL}\.)?{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
_UNSAFE = re.compile(r"[^\x21-\x7e]|[\\\"<>^`{|}]")
_SECRETS = re.compile(r"token|api[-_]?key|access[-_]?key|password|secret", re.IGNORECASE)
_HINT = "Write it like https://huggingface.co/OWNER/NAME/resolve/main/FILE.safetensors"


@dataclass(frozen=True, slots=True)
class Address:
    """An address that is well formed; whether it may be asked is for `Rules` to say."""

    url: str = field(repr=False)
    """The whole of it, as it is asked. It may be signed: it is for the site alone."""
    scheme: str
    host: str
    """In lower case; an IPv6 address without brackets."""
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port; the usual port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    def __str__(self) -> str:
        """The address without its query, which may hold signatures."""
        return self.origin + self.path

    def leading_to(self, location: str) -> Address:
        """The address that a redirect names.

        Raises:
            AddressRefused: It is malformed.
        """
        if len(location) > _MOST_CHARACTERS:
            raise AddressRefused("the site leads to an address that is too long", value=str(self))
        try:
            return _parse(urljoin(self.url, location))
        except ValueError as error:
            raise AddressRefused(
                "the site leads to something that is no address", value=str(self)
            ) from error


def parse_address(text: str) -> Address:
    """Check the address of a file.

    Raises:
        AddressRefused: It is malformed, neither https nor http, or holds a password or a token.
    """
    text = text.strip()
    try:
        address = _parse(text)
    except ValueError as error:
        # What stands before an @ may be a password.
        shown = "" if "@" in text else text.partition("?")[0]
        raise AddressRefused(f"not an address ({error})", value=shown, hint=_HINT) from None
    query = parse_qsl(urlsplit(address.url).query, keep_blank_values=True)
    if secret := next((name for name, _ in query if _SECRETS.search(name)), ""):
        raise AddressRefused(
            f"an address may not hold a secret ({secret})",
            value=str(address),
            hint="Leave it out: tokens come from the environment or the private folder, and "
            "addresses end up in workflows and logs",
        )
    return address


def _parse(text: str) -> Address:
    """As `parse_address`, but with ValueError, and taking a redirect's signatures."""
    if len(text) > _MOST_CHARACTERS:
        raise ValueError("it is too long")
    if _UNSAFE.search(text):
        raise ValueError("it holds characters that an address has not")
    parts = urlsplit(text)
    if parts.scheme not in _PORTS:
        raise ValueError("it is neither https nor http")
    if "@" in parts.netloc:
        raise ValueError("it holds a user name or password")
    port = parts.port
    host = (parts.hostname or "").lower()
    if port == 0 or not _is_host(host):
        raise ValueError("its host cannot be one")
    url = parts._replace(fragment="").geturl()
    return Address(url, parts.scheme, host, port or _PORTS[parts.scheme], parts.path or "/")


def _is_host(host: str) -> bool:
    if is_address(host):
        return "%" not in host
    # Resolvers also take 2130706433 and 0x7f.1 for addresses, which hides whose they are.
    odd = _NUMBER.fullmatch(host.rpartition(".")[2]) is not None
    return not odd and len(host) <= 253 and _NAME.fullmatch(host) is not None


def host_pattern(text: str) -> str:
    """Check what allows hosts: `example.com`, `*.example.com`, either with a port.

    Raises:
        InvalidInput: It is none of these.
    """
    pattern = text.strip().lower()
    port = int(pattern.rpartition(":")[2]) if re.search(r":[0-9]{1,5}\Z", pattern) else 443
    if not _PATTERN.fullmatch(pattern) or not 0 < port < 65536:
        raise InvalidInput(
            "not a host that can be allowed",
            value=text,
            hint="Write it like example.com or *.example.com, without https://",
        )
    return pattern


def loopback_origin(text: str) -> str:
    """Check the origin of a site on this machine: `http://127.0.0.1:8000`.

    Raises:
        InvalidInput: It is another one.
    """
    hint = "Write it like http://127.0.0.1:8000"
    try:
        address = _parse(text.strip())
    except ValueError:
        address = None
    if address is None or not is_loopback(address.host) or address.path != "/":
        raise InvalidInput("not the origin of a site on this machine", value=text, hint=hint)
    return address.origin


@dataclass(frozen=True, slots=True)
class Rules:
    """Which addresses may be asked."""

    hosts: tuple[str, ...] = USUAL_HOSTS
    """Patterns as `host_pattern` takes them."""
    loopback: frozenset[str] = frozenset()
    """Origins on this machine that may be asked besides; none by default."""

    @staticmethod
    def of(hosts: Iterable[str] = USUAL_HOSTS, loopback: Iterable[str] = ()) -> Rules:
        """Rules of hosts and origins as people write them.

        Raises:
            InvalidInput: One is malformed.
        """
        return Rules(tuple(map(host_pattern, hosts)), frozenset(map(loopback_origin, loopback)))

    def check(self, address: Address) -> None:
        """See that an address may be asked, so far as it can be told without looking it up.

        Raises:
            AddressRefused: It may not.
        """
        if address.origin in self.loopback:
            return
        if is_address(address.host) and not is_public(address.host):
            raise AddressRefused("an address of a private network is not asked", value=str(address))
        if address.scheme != "https":
            hint = "Only https is asked: anybody on the way could exchange the file"
            raise AddressRefused("the address is not encrypted", value=str(address), hint=hint)
        if not any(_fits(pattern, address) for pattern in self.hosts):
            raise AddressRefused(
                "this host is not among those that are allowed",
                value=address.host,
                hint=f"If you trust it, add it to `hosts` in fetching.json; now: "
                f"{', '.join(self.hosts) or 'none'}",
            )


def _fits(pattern: str, address: Address) -> bool:
    name, _, port = pattern.partition(":")
    if address.port != int(port or 443):
        return False
    return address.host.endswith(name[1:]) if name.startswith("*.") else address.host == name
