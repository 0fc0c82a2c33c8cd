"""Who may read, and nothing else: callers from networks that moderators have banned.

All bans are kept in memory, since they are asked for with everything that is written, and are read again after
FRESH_SECONDS: that is how long a new one takes to hold in all processes. An API token is asked for by name and revoked
by name: whoever shows one that may write is not banned for the address.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from pastes.access import client_address, request_context
from pastes.errors import RefusedError
from pastes.models import Ban
from pastes.rules.moments import utc

FRESH_SECONDS = 5.0

Network = IPv4Network | IPv6Network

#: The largest networks that can be banned: a slip of the finger must not ban everybody.
_SHORTEST = {4: 8, 6: 16}
_HERE = (ip_network("127.0.0.0/8"), ip_network("::1"))


@dataclass(frozen=True)
class _Told:
    """What somebody is told who is banned."""

    reason: str
    until: datetime | None

    @property
    def holds(self) -> bool:
        return self.until is None or self.until > timezone.now()


#: By version and length of prefix, the networks as the numbers that their prefixes are.
_Table = Mapping[tuple[int, int], Mapping[int, _Told]]


def parse(text: str) -> Network:
    """Return the network that is meant: of an IPv6 address, the 64 bits that one customer has.

    Raises ValueError, saying why, for what is none, and for what must not be banned.
    """
    text = text.strip()
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError("an address or a network such as 203.0.113.0/24 is needed") from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        network = ip_network((mapped, network.prefixlen - 96), strict=False)
    if isinstance(network, IPv6Network) and "/" not in text:
        network = network.supernet(new_prefix=64)
    if network.prefixlen < _SHORTEST[network.version]:
        raise ValueError(f"a network of less than {_SHORTEST[network.version]} bits is too much of the internet")
    if any(network.version == here.version and network.overlaps(here) for here in _HERE):
        raise ValueError("this machine cannot be banned; is PASTEUR_PROXIES right?")
    return network


def written(text: str) -> str:
    """Return an address or network as it is stored for callers; the text itself when it is none."""
    try:
        network = parse(text)
    except ValueError:
        return text
    return str(network).removesuffix("/32") if network.version == 4 else str(network)


def ban(network: str, *, reason: str, until: datetime | None = None, by: str = "") -> Ban:
    """Ban a network, or change its ban. Raises ValueError as `parse` does."""
    facts = {"reason": reason, "until": until, "by": by}
    return Ban.objects.update_or_create(network=written(str(parse(network))), defaults=facts)[0]


def demand() -> None:
    """Raise RefusedError when the caller is banned."""
    if (banned := why()) is not None:
        raise banned


def why() -> RefusedError | None:
    """Return why the caller may only read, or None."""
    caller = request_context.caller()
    address = client_address.exact(caller.request) if caller else None
    if caller is None or address is None or (caller.token and caller.token.may_write):
        return None
    told = _found(address)
    if told is None:
        return None
    if told.until is None:
        message = gettext("This address is banned: %(reason)s") % {"reason": told.reason}
    else:
        message = gettext("This address is banned until %(moment)s: %(reason)s")
        message %= {"moment": utc(told.until), "reason": told.reason}
    return RefusedError("banned", message, status=403)


def covering(address: IPv4Address | IPv6Address) -> Q:
    """Return the condition that a ban holds for an address."""
    lengths = range(_SHORTEST[address.version], address.max_prefixlen + 1)
    return Q(network__in=[written(str(ip_network((address, length), strict=False))) for length in lengths])


class _Known:
    """All bans, as old as FRESH_SECONDS at most, unless the database is away."""

    table: _Table = {}
    read_at = float("-inf")


def forget(**kwargs: Any) -> None:
    """Read the bans again: one was made, changed or lifted by this process."""
    _Known.read_at = float("-inf")


def _found(address: IPv4Address | IPv6Address) -> _Told | None:
    for (version, length), networks in _current().items():
        if version == address.version:
            told = networks.get(int(address) >> (address.max_prefixlen - length))
            if told is not None and told.holds:
                return told
    return None


def _current() -> _Table:
    now = time.monotonic()
    if now - _Known.read_at >= FRESH_SECONDS:
        _Known.read_at = now
        try:
            _Known.table = _read()
        except (OperationalError, InterfaceError):
            pass  # Whoever wants to write notices; those who are banned stay so.
    return _Known.table


def _read() -> _Table:
    table: dict[tuple[int, int], dict[int, _Told]] = {}
    for network, reason, until in Ban.objects.values_list("network", "reason", "until"):
        told = _Told(reason, until)
        if told.holds:
            version, length, number = _place(network)
            table.setdefault((version, length), {})[number] = told
    return table


@lru_cache(maxsize=1 << 16)
def _place(text: str) -> tuple[int, int, int]:
    network = ip_network(text)
    bits = network.max_prefixlen - network.prefixlen
    return network.version, network.prefixlen, int(network.network_address) >> bits
