"""Finding expired pastes does not take longer if many pastes have expired before."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from pastes.lifecycle import writing
from pastes.models import Paste, State
from pastes.rules import keys
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_pastes_that_were_already_erased_are_not_scanned_again() -> None:
    past = timezone.now() - timedelta(hours=1)
    gone = [
        Paste(key=keys.draw(), created_at=past, expires_at=past, state=state)
        for state in (State.EXPIRED, State.BURNED, State.REMOVED)
        for _ in range(1_000)
    ]
    Paste.objects.bulk_create(gone)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    plan = Paste.objects.expired()[:500].explain()

    assert "pastes_expiring" in plan
    assert "SCAN pastes_paste" not in plan
    assert "Filter" not in plan


def test_the_oldest_are_erased_first_including_hidden_ones() -> None:
    hours = timedelta(hours=1)
    late, early, hidden, lasting = (publish_text(lifetime=hours) for _ in range(4))
    writing.hide(hidden)
    for paste, ago in ((late, 1), (early, 3), (hidden, 2)):
        Paste.objects.filter(pk=paste.pk).update(expires_at=timezone.now() - ago * hours)

    assert [paste.pk for paste in Paste.objects.expired()] == [early.pk, hidden.pk, late.pk]
    assert writing.erase_expired() == 3
    assert [paste.pk for paste in Paste.objects.readable()] == [lasting.pk]
