"""Which pastes belong into Git, and when. Git keeps what it is given, so what is meant to vanish never enters."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from gitsync.models import Change
from pastes.clock import Clock
from pastes.models import Paste, State


def belongs(paste: Paste) -> bool:
    """Return whether this paste is to be at the tip of the mirror, as soon as nothing holds it back."""
    return paste.state == State.PUBLISHED and not paste.burn and _lasts(paste)


def held_until(paste: Paste) -> datetime | None:
    """Return when a new paste may enter Git: GITSYNC_EMBARGO after it was made; None is at once.

    Its change keeps that moment, so that another setting later neither hurries nor delays what is there already.
    """
    embargo = settings.GITSYNC_EMBARGO
    return paste.created_at + timedelta(seconds=embargo) if embargo else None


def mirrored() -> QuerySet[Paste]:
    """Return the set of pastes that are to be at the tip now: `belongs` is true of them and nothing holds them back."""
    lasting = Q(expires_at=None)
    if settings.GITSYNC_MIRROR_EXPIRING:
        lasting |= Q(expires_at__gt=Clock())
    pastes = Paste.objects.filter(lasting, state=State.PUBLISHED, burn=False)
    return pastes.exclude(key__in=Change.objects.held().values("key"))


def promise() -> str:
    """Return these rules in a sentence for authors."""
    unless = "burns" if settings.GITSYNC_MIRROR_EXPIRING else "expires or burns"
    embargo = settings.GITSYNC_EMBARGO
    when = f", {_duration(embargo)} after it was made" if embargo else ""
    return f"Unless it {unless}, it is also committed to Git{when}, which forgets nothing."


def _duration(seconds: int) -> str:
    units = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
    length, unit = next(found for found in units if seconds % found[0] == 0)
    return f"{seconds // length} {unit}{'s' if seconds > length else ''}"


def _lasts(paste: Paste) -> bool:
    if paste.expires_at is None:
        return True
    return bool(settings.GITSYNC_MIRROR_EXPIRING) and paste.expires_at > timezone.now()
