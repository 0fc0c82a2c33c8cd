"""Charge callers for an action, at all its rates at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pastes.limits import counters
from pastes.limits.rates import Rate


@dataclass(frozen=True)
class Charge:
    """One use of a rate, with its action, its counter and the number of seconds to wait (<= 0: granted)."""

    action: str
    counter: str
    rate: Rate
    wait: float

    @property
    def remaining(self) -> int:
        """The number of further uses that would be granted immediately."""
        return max(0, int(-self.wait / self.rate.interval + 1e-6))


def charge(action: str, caller: str, rates: Sequence[Rate]) -> tuple[list[Charge], Charge | None]:
    """Charge a caller at each rate. Return the charges, or no charges and the one that exceeded its rate."""
    charges: list[Charge] = []
    for number, rate in enumerate(rates):
        counter = f"{action}:{number}:{caller}"
        new = Charge(action, counter, rate, counters.charge(counter, rate))
        if new.wait > 0:
            refund(charges)
            return [], new
        charges.append(new)
    return charges, None


def refund(charges: Iterable[Charge]) -> None:
    """Undo charges."""
    for each in charges:
        counters.refund(each.counter, each.rate)
