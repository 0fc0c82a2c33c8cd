"""Holds back changes that would add a credential to Git, until a moderator releases them.

The digest of a released credential is recorded: later changes of the paste pass if they contain no other credential.
"""

import logging
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gitsync.models import Change
from gitsync.outbox import secret_patterns
from gitsync.outbox.loading import Loaded

logger = logging.getLogger(__name__)


def unreleased_secrets(loaded: Loaded) -> dict[str, str]:
    """Return the kinds of the credentials that keep a change out of Git, keyed by digest."""
    if not settings.GITSYNC_HOLD_SECRETS:
        return {}
    secrets: dict[str, str] = {}
    for entry in loaded.entries:
        secrets |= secret_patterns.find_secrets(entry.content)
    if not secrets:
        return secrets
    released = Change.objects.filter(key=loaded.change.key).exclude(released_at=None).values_list("secrets", flat=True)
    digests = {line.partition(" ")[0] for lines in released for line in lines.splitlines()}
    return {digest: kind for digest, kind in secrets.items() if digest not in digests}


@transaction.atomic
def hold(changes: Mapping[Change, Mapping[str, str]]) -> None:
    """Put changes on hold, given with their credentials; other changes are not delayed by this."""
    for change, secrets in changes.items():
        kinds = ", ".join(sorted(set(secrets.values())))
        logger.warning("%s is not committed: it contains a credential (%s)", change, kinds)
        lines = "\n".join(f"{digest} {kind}" for digest, kind in secrets.items())
        Change.objects.filter(pk=change.pk, settled_at=None).update(secret_hold_at=timezone.now(), secrets=lines)


def release(pks: Sequence[int]) -> int:
    """Make held changes pending, and return how many were released."""
    changes = Change.objects.on_secret_hold().filter(pk__in=pks)
    return changes.update(secret_hold_at=None, released_at=timezone.now())
