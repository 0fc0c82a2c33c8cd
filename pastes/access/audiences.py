"""The audiences allowed by settings: `anyone`, callers with a `token`, or callers from certain networks. Pure."""

from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

FORM = "anyone, or a comma-separated list of token, addresses and networks (10.0.0.0/8, 2001:db8::/32)"

IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Audience:
    """Anyone, or callers that have an API token or a login or are in one of the networks."""

    anyone: bool
    tokens: bool = False
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def has(self, address: IPAddress | None) -> bool:
        """Return whether an address is in one of the networks."""
        return address is not None and any(address in network for network in self.networks)


@cache
def parse(text: str) -> Audience:
    """Parse the value of a setting. Raise ValueError if it is invalid."""
    items = [item.strip() for item in text.split(",")]
    if "anyone" in items:
        if len(items) > 1:
            raise ValueError("anyone cannot be combined with others")
        return Audience(anyone=True)
    networks = []
    for item in items:
        if item != "token":
            try:
                networks.append(ip_network(item))
            except ValueError:
                raise ValueError(f"must be {FORM}, not {item[:50]!r}") from None
    return Audience(anyone=False, tokens="token" in items, networks=tuple(networks))
