"""Rate limits in the format used by settings: `10/minute burst 5, 200/day`, or `off`. Pure."""

import re
from dataclasses import dataclass
from functools import cache

FORM = "off, or comma-separated rates such as 10/minute, 20/hour or 10/15 minutes, each optionally with burst 5"

_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_RATE = re.compile(r"(\d{1,6})/(\d{1,4})? ?(second|minute|hour|day)s?(?: burst (\d{1,6}))?")


@dataclass(frozen=True)
class Rate:
    """`count` uses in `seconds`, at most `burst` of them at once."""

    count: int
    seconds: int
    burst: int

    @property
    def interval(self) -> float:
        """The average number of seconds between two uses."""
        return self.seconds / self.count


@cache
def parse(text: str) -> tuple[Rate, ...]:
    """Parse rate limits. Return no rates for `off`. Raise ValueError if the text is invalid."""
    if text == "off":
        return ()
    parsed = []
    for part in text.split(","):
        match = _RATE.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"must be {FORM}")
        count, times, seconds = int(match[1]), int(match[2] or 1), _SECONDS[match[3]]
        rate = Rate(count, times * seconds, int(match[4] or count))
        if not count or not times or not 0 < rate.burst <= count:
            raise ValueError("must allow at least one use, and a burst no larger than the count")
        parsed.append(rate)
    return tuple(parsed)
