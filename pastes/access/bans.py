"""Bans: callers from networks that moderators have banned may read but not write.

All bans are cached in memory, since every write checks them, and are reloaded after FRESH_SECONDS. A new ban takes that
long to reach all processes. Bans do not apply to callers with an API token that may write: moderators can revoke the
token instead.
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

from pastes.access.request_context import RequestContext, current
from pastes.errors import RefusedError
from pastes.models import Ban
from pastes.rules.moments import utc

FRESH_SECONDS = 5.0

Network = IPv4Network | IPv6Network

#: The shortest prefix lengths that can be banned, keyed by IP version: a typo must not ban everyone.
_SHORTEST_PREFIX = {4: 8, 6: 16}
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))


@dataclass(frozen=True)
class _Entry:
    """A cached ban."""

    reason: str
    until: datetime | None

    @property
    def holds(self) -> bool:
        return self.until is None or self.until > timezone.now()


#: Maps the IP version and prefix length to the bans, which are keyed by the prefix as an integer.
_Table = Mapping[tuple[int, int], Mapping[int, _Entry]]


def parse(text: str) -> Network:
    """Return the network to ban. An IPv6 address stands for its /64 network, as assigned to a single customer.

    Raise ValueError, with the reason, if the network is invalid or must not be banned.
    """
    text = text.strip()
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError("must be an address or a network such as 203.0.113.0/24") from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        network = ip_network((mapped, network.prefixlen - 96), strict=False)
    if isinstance(network, IPv6Network) and "/" not in text:
        network = network.supernet(new_prefix=64)
    if network.prefixlen < _SHORTEST_PREFIX[network.version]:
        raise ValueError(f"a network with a prefix of less than {_SHORTEST_PREFIX[network.version]} bits is too large")
    if any(network.version == local.version and network.overlaps(local) for local in _LOOPBACK):
        raise ValueError("this machine cannot be banned; check PASTEUR_PROXIES")
    return network


def normalize(text: str) -> str:
    """Return an address or network in the form in which it is stored. Return invalid text unchanged."""
    try:
        network = parse(text)
    except ValueError:
        return text
    return str(network).removesuffix("/32") if network.version == 4 else str(network)


def ban(network: str, *, reason: str, until: datetime | None = None, by: str = "") -> Ban:
    """Ban a network, or change its existing ban. Raise ValueError as `parse` does."""
    fields = {"reason": reason, "until": until, "by": by}
    return Ban.objects.update_or_create(network=normalize(str(parse(network))), defaults=fields)[0]


def demand() -> None:
    """Raise RefusedError if the caller is banned."""
    context = current.get()
    if context and (refused := find(context)) is not None:
        raise refused


def find(context: RequestContext) -> RefusedError | None:
    """Return the error for a banned caller, or None if the caller is not banned."""
    if context.address is None or (context.token and context.token.may_write):
        return None
    entry = _find(context.address)
    if entry is None:
        return None
    if entry.until is None:
        message = gettext("This IP address is banned: %(reason)s") % {"reason": entry.reason}
    else:
        message = gettext("This IP address is banned until %(moment)s: %(reason)s")
        message %= {"moment": utc(entry.until), "reason": entry.reason}
    return RefusedError("banned", message, status=403)


def covering(address: IPv4Address | IPv6Address) -> Q:
    """Return a condition matching bans that cover an address."""
    lengths = range(_SHORTEST_PREFIX[address.version], address.max_prefixlen + 1)
    return Q(network__in=[normalize(str(ip_network((address, length), strict=False))) for length in lengths])


class _Cache:
    """A copy of all bans that is at most FRESH_SECONDS old, or older while the database is unavailable."""

    table: _Table = {}
    read_at = float("-inf")


def forget(**kwargs: Any) -> None:
    """Invalidate the cache after this process has added, changed or lifted a ban."""
    _Cache.read_at = float("-inf")


def _find(address: IPv4Address | IPv6Address) -> _Entry | None:
    now = time.monotonic()
    if now - _Cache.read_at >= FRESH_SECONDS:
        _Cache.read_at = now
        try:
            _Cache.table = _load()
        except (OperationalError, InterfaceError):
            pass  # The write itself will fail; cached bans stay in force.
    for (version, length), entries in _Cache.table.items():
        if version == address.version:
            entry = entries.get(int(address) >> (address.max_prefixlen - length))
            if entry is not None and entry.holds:
                return entry
    return None


def _load() -> _Table:
    table: dict[tuple[int, int], dict[int, _Entry]] = {}
    for text, reason, until in Ban.objects.values_list("network", "reason", "until"):
        entry = _Entry(reason, until)
        if entry.holds:
            network = _network(text)
            number = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
            table.setdefault((network.version, network.prefixlen), {})[number] = entry
    return table


@lru_cache(maxsize=1 << 16)
def _network(text: str) -> Network:
    return ip_network(text)
