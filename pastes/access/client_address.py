"""The address of a request's caller."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

from pastes.access.audiences import IPAddress


def find(request: HttpRequest) -> IPAddress | None:
    """Return the caller's address, or None if it has none, as with a Unix socket.

    Each of the PASTEUR_PROXIES proxies appends the address it sees to X-Forwarded-For; anything further to the left was
    written by the client. If there is no valid address, the address of the nearest proxy is used.
    """
    nearest = str(request.META.get("REMOTE_ADDR", ""))
    if settings.PASTEUR_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if address := _parse(hops[-min(settings.PASTEUR_PROXIES, len(hops))]):
            return address
    return _parse(nearest)


@lru_cache(maxsize=4096)
def network(address: IPAddress | None) -> str:
    """Return the name under which a caller is counted: its IPv4 address or its IPv6 /64 network."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address or "local")


def is_local(network: str) -> bool:
    """Return whether a caller is on this machine: the operator, as long as no proxy is in front."""
    if settings.PASTEUR_PROXIES:
        return False
    return network in {"local", "::/64"} or network.startswith("127.")


@lru_cache(maxsize=4096)
def _parse(text: str) -> IPAddress | None:
    text = text.removeprefix("[").partition("]")[0] if text.startswith("[") else text
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
