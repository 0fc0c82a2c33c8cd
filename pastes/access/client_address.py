"""Who calls, as far as an address says it."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Return the address of a caller, of IPv6 the network of 64 bits, which is what one customer has.

    Each of PASTEUR_PROXIES adds the address that it sees to the right of X-Forwarded-For; what stands further to the
    left was written by whoever called. What is no address counts as the nearest proxy's.
    """
    return next((_network(seen) for seen in _seen(request) if _network(seen)), "local")


def exact(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    """Return the very address of a caller, found in the same way; None for one that has none."""
    return next((found for seen in _seen(request) if (found := _parsed(seen))), None)


def is_local(caller: str) -> bool:
    """Return whether a caller is on this machine: whoever runs the site, or a web server that was not stated."""
    return caller in {"local", "::/64"} or caller.startswith("127.")


def _seen(request: HttpRequest) -> list[str]:
    """Return what may be the address of a caller, the better first."""
    nearest = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.PASTEUR_PROXIES:
        return [nearest]
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    return [hops[-min(settings.PASTEUR_PROXIES, len(hops))], nearest]


@lru_cache(maxsize=4096)
def _network(text: str) -> str:
    found = _parsed(text)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found or "")


@lru_cache(maxsize=4096)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    text = text.removeprefix("[").partition("]")[0] if text.startswith("[") else text
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
