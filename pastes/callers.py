"""Who calls, as far as an address says it."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Return the address of a caller, of IPv6 the network of 64 bits, which is what one customer has.

    Each of PASTEUR_PROXIES adds the address that it sees to the right of X-Forwarded-For; what stands further to the
    left was written by whoever called. What is no address counts as the nearest proxy's.
    """
    nearest = str(request.META.get("REMOTE_ADDR", ""))
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    seen = hops[-min(settings.PASTEUR_PROXIES, len(hops))] if settings.PASTEUR_PROXIES else nearest
    return _network(seen) or _network(nearest) or "local"


def is_local(caller: str) -> bool:
    """Return whether a caller is on this machine: whoever runs the site, or a web server that was not stated."""
    return caller in {"local", "::/64"} or caller.startswith("127.")


@lru_cache(maxsize=4096)
def _network(text: str) -> str:
    text = text.removeprefix("[").partition("]")[0] if text.startswith("[") else text
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)
