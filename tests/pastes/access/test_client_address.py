"""The address of the caller, although anyone can put anything into a header."""

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from pastes.access import client_address

PROXY = "10.0.0.1"


def client_address_seen(forwarded: str | None, settings: Settings, proxies: int, nearest: str = PROXY) -> str:
    """Return the caller of a request with this X-Forwarded-For header behind this many proxies."""
    settings.PASTEUR_PROXIES = proxies
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return client_address.network(client_address.find(RequestFactory(headers=headers).get("/", REMOTE_ADDR=nearest)))


@pytest.mark.parametrize("forwarded", [None, "1.2.3.4", "127.0.0.1, 1.2.3.4", "garbage"])
def test_without_proxies_the_header_is_ignored(settings: Settings, forwarded: str | None) -> None:
    assert client_address_seen(forwarded, settings, 0) == PROXY


@pytest.mark.parametrize(
    ("forwarded", "proxies", "caller"),
    [
        ("203.0.113.5", 1, "203.0.113.5"),
        ("1.2.3.4, 203.0.113.5", 1, "203.0.113.5"),
        (", ".join(["1.2.3.4"] * 50 + ["203.0.113.5"]), 1, "203.0.113.5"),
        ("1.2.3.4, 203.0.113.5, 10.0.0.2", 2, "203.0.113.5"),
        ("203.0.113.5", 2, "203.0.113.5"),
        ("203.0.113.5:1234", 1, "203.0.113.5"),
        ("[2001:db8:1:2:3:4:5:6]:443", 1, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", 1, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", 1, "203.0.113.5"),
        ("fe80::1%eth0", 1, "fe80::/64"),
        ("1.2.3.4, garbage", 1, PROXY),
        ("1.2.3.4,", 1, PROXY),
        ("", 1, PROXY),
        (None, 1, PROXY),
        ("<script>, 999.1.1.1", 1, PROXY),
    ],
)
def test_proxies_are_counted_from_the_right(
    settings: Settings, forwarded: str | None, proxies: int, caller: str
) -> None:
    assert client_address_seen(forwarded, settings, proxies) == caller


@pytest.mark.parametrize("nearest", ["127.0.0.1", "127.8.8.8", "::1", "", "::ffff:127.0.0.1"])
def test_callers_on_this_machine_are_local(settings: Settings, nearest: str) -> None:
    assert client_address.is_local(client_address_seen(None, settings, 0, nearest))


@pytest.mark.parametrize("nearest", ["203.0.113.5", "2001:db8::1", "10.0.0.1"])
def test_other_callers_are_not_local(settings: Settings, nearest: str) -> None:
    assert not client_address.is_local(client_address_seen("127.0.0.1", settings, 0, nearest))
