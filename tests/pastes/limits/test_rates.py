"""Parsing rates from settings."""

import pytest

from pastes.limits.rates import Rate, parse


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("off", ()),
        ("120/minute", (Rate(120, 60, 120),)),
        ("10/minute burst 5, 200/day", (Rate(10, 60, 5), Rate(200, 86_400, 200))),
        ("10/15 minutes", (Rate(10, 900, 10),)),
        ("1/2hours,3/second", (Rate(1, 7_200, 1), Rate(3, 1, 3))),
    ],
)
def test_rates_are_parsed(text: str, rates: tuple[Rate, ...]) -> None:
    assert parse(text) == rates


@pytest.mark.parametrize(
    "text",
    ["", "on", "10", "10/week", "0/minute", "10/0 minutes", "5/minute burst 6", "5/minute burst 0", "-1/day", "1/day,"],
)
def test_invalid_rates_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse(text)
