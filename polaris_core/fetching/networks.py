"""Which IP addresses belong to the public internet.

The lists are those of IANA's registries of special-purpose addresses. They are spelled out because
`ipaddress.is_global` differs between versions of Python, and because addresses of IPv6 that carry
one of IPv4 inside lead to where that one leads.
"""

from __future__ import annotations

import ipaddress

__all__ = ["is_address", "is_loopback", "is_public"]

_IPv4, _IPv6 = ipaddress.IPv4Address, ipaddress.IPv6Address
_NOT_PUBLIC_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
            *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
            *("224.0.0.0/4", "240.0.0.0/4"),
        ),
    )
)
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    map(
        ipaddress.IPv6Network,
        ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""Where a network without IPv4 reaches it; the last 32 bits are the address."""


def is_address(text: str) -> bool:
    """Whether a text is an IP address, not a name."""
    return _ip(text) is not None


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet; False for what is no IP address."""
    ip = _ip(address)
    if isinstance(ip, _IPv6):
        if ip in _TRANSLATED:
            return _is_public_4(_IPv4(int(ip) & 0xFFFFFFFF))
        return ip in _PUBLIC_6 and not any(ip in network for network in _NOT_PUBLIC_6)
    return ip is not None and _is_public_4(ip)


def is_loopback(address: str) -> bool:
    """Whether an address is one of this machine's loopback; False for what is no IP address."""
    ip = _ip(address)
    return ip is not None and ip.is_loopback


def _is_public_4(ip: ipaddress.IPv4Address) -> bool:
    return not any(ip in network for network in _NOT_PUBLIC_4)


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, _IPv6) else ip
