"""Which pastes belong into Git. Git keeps what it is given, so what is meant to vanish never enters."""

from django.db.models import QuerySet

from pastes.models import Paste, State


def belongs(paste: Paste) -> bool:
    """Return whether this paste is to be at the tip of the mirror now."""
    return paste.state == State.PUBLISHED and not paste.burn and paste.expires_at is None


def mirrored() -> QuerySet[Paste]:
    """Return the set of pastes that are to be at the tip of the mirror: those of which `belongs` is true."""
    return Paste.objects.filter(state=State.PUBLISHED, burn=False, expires_at=None)
