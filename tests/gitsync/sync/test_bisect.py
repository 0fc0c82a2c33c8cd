"""Any set of rejected changes is found by few pushes, and all others arrive in the meantime.

The remote is a set of rejected rows here, so that many cases can be tried: real ones are in tests/faults.
"""

import math
import random

import pytest
from django.utils import timezone

from gitsync.errors import PartlyRefusedError, RemoteRefusedError
from gitsync.models import Change, Kind, Mirror
from gitsync.sync import bisect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def make_changes(count: int) -> list[int]:
    """Store pending changes of as many pastes, and return their primary keys."""
    now = timezone.now()
    Change.objects.bulk_create(
        Change(key=f"k{number:09d}", number=1, kind=Kind.PUBLISH, revision=1, created_at=now) for number in range(count)
    )
    return list(Change.objects.order_by("pk").values_list("pk", flat=True))


def push(bad: set[int]) -> bool:
    """Push the next batch to a remote that rejects some changes; return whether it was accepted."""
    mirror = Mirror.objects.get()
    batch = bisect.next_batch(mirror, 10_000)
    if any(change.pk in bad for change in batch):
        with pytest.raises(PartlyRefusedError):
            bisect.rejected(mirror, batch, RemoteRefusedError("a secret was found"))
        return False
    Change.objects.filter(pk__in=[change.pk for change in batch]).update(settled_at=timezone.now())
    Mirror.objects.update(arrived_at=timezone.now())
    mirror.refresh_from_db()
    bisect.accepted(mirror)
    return True


def _cases() -> list[tuple[int, list[int]]]:
    chosen = random.Random(20)
    cases = [(2, [0]), (2, [1]), (9, [0, 1, 2]), (9, [6, 7, 8]), (32, list(range(0, 32, 2))), (64, [0, 63])]
    for count in (5, 17, 40, 64):
        cases += [(count, chosen.sample(range(count), bad)) for bad in (1, 3, count // 2)]
    return cases


@pytest.mark.parametrize(("count", "positions"), _cases())
def test_each_rejected_change_costs_log2_pushes_and_the_others_arrive(count: int, positions: list[int]) -> None:
    Mirror.objects.create(remote="r", branch="main")
    pks = make_changes(count)
    bad = {pks[position] for position in positions}
    halvings = math.ceil(math.log2(count))
    pushes, since_arrival = 0, 0

    while Change.objects.pending().exists():
        pushes += 1
        since_arrival = 0 if push(bad) else since_arrival + 1
        # A change is found by halving and by a push alone; only then the next one can be in the way.
        assert since_arrival <= (halvings + 1) * 2 + len(bad)

    assert set(Change.objects.rejected().values_list("pk", flat=True)) == bad
    assert Change.objects.filter(settled_at__isnull=False).count() == count - len(bad)
    # The push that failed, the one of the rest, and for each: the halvings, itself alone, and those before the next.
    assert pushes <= 3 + len(bad) * (halvings + 2)


def test_while_nothing_is_accepted_no_change_is_blamed() -> None:
    mirror = Mirror.objects.create(remote="r", branch="main")
    pks = set(make_changes(40))
    failures = 0
    for _ in range(60):
        mirror.refresh_from_db()
        try:
            bisect.rejected(mirror, bisect.next_batch(mirror, 10_000), RemoteRefusedError("out of order"))
        except PartlyRefusedError:
            continue
        except RemoteRefusedError:
            failures += 1
            Mirror.objects.update(failures=failures)

    assert failures
    assert not Change.objects.rejected().exists()
    while Change.objects.pending().exists():
        assert push(set())
    assert Change.objects.filter(pk__in=pks, settled_at=None).count() == 0
