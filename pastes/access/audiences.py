"""Who may do something, as settings say it: `anyone`, or who has a `token`, or certain addresses. Pure."""

from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

FORM = "anyone, or some of token, addresses and networks (10.0.0.0/8, 2001:db8::/32) with commas between"

IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Audience:
    """Everybody; or who shows an API token or has logged in, and who calls from one of these networks."""

    anyone: bool
    tokens: bool = False
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def has(self, address: IPAddress | None) -> bool:
        """Return whether a caller may by its address alone."""
        return address is not None and any(address in network for network in self.networks)


@cache
def parse(text: str) -> Audience:
    """Return the audience that a text names. Raises ValueError when it makes no sense."""
    words = [word.strip() for word in text.split(",")]
    if "anyone" in words:
        if len(words) > 1:
            raise ValueError("anyone stands alone: nobody is left to be named beside it")
        return Audience(anyone=True)
    networks = []
    for word in words:
        if word != "token":
            try:
                networks.append(ip_network(word))
            except ValueError:
                raise ValueError(f"must be {FORM}, not {word[:50]!r}") from None
    return Audience(anyone=False, tokens="token" in words, networks=tuple(networks))
