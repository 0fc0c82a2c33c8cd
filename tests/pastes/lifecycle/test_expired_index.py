"""Finding what has expired takes no longer for all that has expired before."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from pastes.lifecycle import writing
from pastes.models import Paste, State
from pastes.rules import keys
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_pastes_that_were_erased_before_are_not_looked_at_again() -> None:
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


def test_the_oldest_go_first_and_what_is_hidden_goes_too() -> None:
    hours = timedelta(hours=1)
    late, early, hidden, lasting = (publish_text(lifetime=hours) for _ in range(4))
    writing.hide(hidden)
    for paste, ago in ((late, 1), (early, 3), (hidden, 2)):
        Paste.objects.filter(pk=paste.pk).update(expires_at=timezone.now() - ago * hours)

    assert [paste.pk for paste in Paste.objects.expired()] == [early.pk, hidden.pk, late.pk]
    assert writing.erase_expired() == 3
    assert [paste.pk for paste in Paste.objects.readable()] == [lasting.pk]
