"""Defines which pastes are mirrored, and when. Git keeps everything, so pastes meant to vanish are never committed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from gitsync.models import Change
from pastes.lifecycle.mirror_copy import Notices
from pastes.models import Paste, State
from pastes.storage.clock import Clock

_KEYS_AT_ONCE = 2_000


def belongs(paste: Paste) -> bool:
    """Return whether this paste belongs in the mirror once its embargo is over."""
    return paste.state == State.PUBLISHED and is_for_git(paste) and _lasts(paste)


def is_on_site(paste: Paste) -> bool:
    """Return whether this paste can be read on the site more than once."""
    return paste.state == State.PUBLISHED and not paste.burn and _lasts(paste)


def is_for_git(paste: Paste) -> bool:
    """Return whether pastes like this one are mirrored, regardless of its state.

    A paste for which this is false may still be in Git if the settings have changed since; it then has a change.
    """
    return not paste.burn and (paste.expires_at is None or bool(settings.GITSYNC_MIRROR_EXPIRING))


def embargoed_until(paste: Paste) -> datetime | None:
    """Return when a new paste may be committed: GITSYNC_EMBARGO after its creation, or None for immediately.

    The time is stored in its change, so changing the setting later affects only new pastes.
    """
    embargo = settings.GITSYNC_EMBARGO
    return paste.created_at + timedelta(seconds=embargo) if embargo else None


def belonging() -> QuerySet[Paste]:
    """Return the pastes for which `belongs` is true, according to the database's clock."""
    lasting = Q(expires_at=None)
    if settings.GITSYNC_MIRROR_EXPIRING:
        lasting |= Q(expires_at__gt=Clock())
    return Paste.objects.filter(lasting, state=State.PUBLISHED, burn=False)


def mirrored() -> QuerySet[Paste]:
    """Return the pastes that belong at the tip now, that is, without those under embargo."""
    return belonging().exclude(key__in=Change.objects.embargoed().values("key"))


def gone(keys: Iterable[str]) -> set[str]:
    """Return the keys whose pastes no longer belong in Git."""
    candidates, eligible = sorted(keys), set[str]()
    for start in range(0, len(candidates), _KEYS_AT_ONCE):
        batch = candidates[start : start + _KEYS_AT_ONCE]
        eligible.update(belonging().filter(key__in=batch).values_list("key", flat=True))
    return set(candidates) - eligible


def notices() -> Notices:
    """Return these rules as notices for authors."""
    includes_expiring = bool(settings.GITSYNC_MIRROR_EXPIRING)
    general, paste_notice = _notices_with_embargo() if settings.GITSYNC_EMBARGO else _notices_without_embargo()
    return Notices(general[includes_expiring], paste_notice, includes_expiring)


def _notices_without_embargo() -> tuple[tuple[str, str], str]:
    general = (
        gettext("Pastes that do not expire and are not deleted after reading are also committed to Git permanently."),
        gettext("Pastes that are not deleted after reading are also committed to Git permanently."),
    )
    return general, gettext("It is also committed to Git permanently.")


def _notices_with_embargo() -> tuple[tuple[str, str], str]:
    time = {"time": _duration(settings.GITSYNC_EMBARGO)}
    general = (
        gettext(
            "Pastes that do not expire and are not deleted after reading are also committed to Git permanently "
            "after %(time)s."
        ),
        gettext("Pastes that are not deleted after reading are also committed to Git permanently after %(time)s."),
    )
    paste_notice = gettext("It is also committed to Git permanently after %(time)s.")
    return (general[0] % time, general[1] % time), paste_notice % time


def _duration(seconds: int) -> str:
    if seconds % 86_400 == 0:
        return ngettext("%(count)s day", "%(count)s days", seconds // 86_400) % {"count": seconds // 86_400}
    if seconds % 3_600 == 0:
        return ngettext("%(count)s hour", "%(count)s hours", seconds // 3_600) % {"count": seconds // 3_600}
    if seconds % 60 == 0:
        return ngettext("%(count)s minute", "%(count)s minutes", seconds // 60) % {"count": seconds // 60}
    return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}


def _lasts(paste: Paste) -> bool:
    return paste.expires_at is None or paste.expires_at > timezone.now()
