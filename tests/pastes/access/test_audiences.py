"""Parsing the settings that define who may do something."""

from ipaddress import ip_address

import pytest

from pastes.access.audiences import parse


@pytest.mark.parametrize(
    ("text", "address", "is_in"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("token, 2001:db8::/32", "2001:db8:1::9", True),
        ("2001:db8::/32", "10.1.2.3", False),
        ("token", "10.1.2.3", False),
        ("anyone", "10.1.2.3", False),
    ],
)
def test_an_address_matches_the_listed_networks(text: str, address: str, is_in: bool) -> None:
    assert parse(text).has(ip_address(address)) is is_in


def test_anyone_and_token_are_keywords() -> None:
    assert parse("anyone").anyone
    assert not parse("token").anyone
    assert parse("10.0.0.0/8 , token").tokens
    assert not parse("10.0.0.0/8").tokens
    assert not parse("token").has(None)


@pytest.mark.parametrize(
    "text", ["", "nobody", "anyone, token", "10.0.0.1/8", "10.0.0.0/33", "token,", "a b", "::1%x/9"]
)
def test_invalid_values_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="anyone"):
        parse(text)
