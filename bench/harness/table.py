"""The output of the benchmarks: small tables, and goals with whether they are met."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A measurement with a minimum or a maximum."""

    what: str
    measured: float
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the measurement is within its bounds. NaN is not."""
        low = self.at_least is None or self.measured >= self.at_least
        return low and (self.at_most is None or self.measured <= self.at_most)

    def __str__(self) -> str:
        """Return the goal as a line of text."""
        bound = f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"
        verdict = "met" if self.is_met else "NOT MET"
        return f"{verdict:8} {self.what}: {self.measured:.3g}{self.unit} (goal: {bound}{self.unit})"


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table with a left-aligned first column, and numbers aligned to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    print(f"\n{title}")
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  " + "  ".join(cells).rstrip())


def show_goals(goals: Sequence[Goal]) -> None:
    """Print each goal and whether it is met."""
    print("\nGoals")
    for goal in goals:
        print(f"  {goal}")
