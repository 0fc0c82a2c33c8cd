"""Holds back changes that would bring a credential into Git, until a moderator lets them go.

What was let go is known by its digest: later changes of the paste that have the same and nothing else pass.
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


def found_in(loaded: Loaded) -> dict[str, str]:
    """Return the kind of each credential that keeps a change out of Git, by its digest."""
    if not settings.GITSYNC_HOLD_SECRETS:
        return {}
    found: dict[str, str] = {}
    for entry in loaded.entries:
        found |= secret_patterns.found_in(entry.content)
    if not found:
        return found
    released = Change.objects.filter(key=loaded.change.key).exclude(released_at=None).values_list("secrets", flat=True)
    known = {line.partition(" ")[0] for lines in released for line in lines.splitlines()}
    return {digest: kind for digest, kind in found.items() if digest not in known}


@transaction.atomic
def withhold(changes: Mapping[Change, Mapping[str, str]]) -> None:
    """Note what was found in these changes; they wait for a moderator, and nothing else waits for them."""
    for change, found in changes.items():
        kinds = ", ".join(sorted(set(found.values())))
        logger.warning("%s is not committed: it has a credential in it (%s)", change, kinds)
        lines = "\n".join(f"{digest} {kind}" for digest, kind in found.items())
        Change.objects.filter(pk=change.pk, settled_at=None).update(secret_hold_at=timezone.now(), secrets=lines)


def release(pks: Sequence[int]) -> int:
    """Let withheld changes go into Git after all, and return how many."""
    chosen = Change.objects.on_secret_hold().filter(pk__in=pks)
    return chosen.update(secret_hold_at=None, released_at=timezone.now())
