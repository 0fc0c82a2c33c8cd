"""The lifetimes that pastes can have, shared by the form, the API and dialects."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_noop

from pastes.errors import RefusedError


@dataclass(frozen=True)
class Lifetime:
    """A choice of expiry: its name in URLs and JSON, its label on the page, and its length (None: never expires)."""

    name: str
    label: str
    length: timedelta | None


NEVER = Lifetime("never", gettext_noop("Never"), None)

LIFETIMES: dict[str, Lifetime] = {
    lifetime.name: lifetime
    for lifetime in (
        NEVER,
        Lifetime("10m", gettext_noop("10 minutes"), timedelta(minutes=10)),
        Lifetime("1h", gettext_noop("1 hour"), timedelta(hours=1)),
        Lifetime("1d", gettext_noop("1 day"), timedelta(days=1)),
        Lifetime("1w", gettext_noop("1 week"), timedelta(weeks=1)),
        Lifetime("30d", gettext_noop("30 days"), timedelta(days=30)),
        Lifetime("1y", gettext_noop("1 year"), timedelta(days=365)),
    )
}


def named(name: str) -> Lifetime:
    """Return the lifetime with the given name. Raise RefusedError, listing the choices, if there is none."""
    try:
        return LIFETIMES[name]
    except KeyError:
        raise RefusedError("expires", f"expires must be one of {', '.join(LIFETIMES)}.", field="expires") from None
