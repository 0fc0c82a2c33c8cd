"""Many concurrent readers of one burn-after-reading paste: exactly one gets it. Real transactions and connections."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from gitsync.models import Change
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def run_concurrently(work: Callable[[], object], count: int) -> None:
    """Run the work in this many threads that start together."""
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("round_", range(3))
def test_exactly_one_of_fifty_concurrent_readers_gets_the_text(round_: int) -> None:
    paste = writing.publish(Draft([NewFile("secret")], title="T", burn=True))
    answers: list[tuple[int, bytes]] = []

    def read() -> None:
        response = Client().post(f"/{paste.key}/burn")
        answers.append((response.status_code, response.content))

    run_concurrently(read, 50)

    assert Counter(status for status, _ in answers) == {200: 1, 404: 49}
    assert [content for status, content in answers if status == 200] == [b"secret"]
    assert not File.objects.filter(content__contains="secret").exists()
    row = Paste.objects.get(pk=paste.pk)
    assert (row.state, row.title) == ("burned", "")


def test_of_a_reader_and_a_moderator_only_one_wins() -> None:
    paste = writing.publish(Draft([NewFile("secret")], burn=True))
    outcomes: list[bool] = []
    turns = itertools.count()

    def one() -> None:
        outcomes.append(writing.remove(paste) if next(turns) % 2 else writing.burn(paste) is not None)

    run_concurrently(one, 10)

    assert outcomes.count(True) == 1
    assert not File.objects.exists()


def test_many_concurrent_edits_become_one_revision_each() -> None:
    paste = writing.publish(Draft([NewFile("first")]))

    texts = itertools.count()
    run_concurrently(lambda: writing.revise(paste, [NewFile(f"again {next(texts)}")]), 8)

    paste.refresh_from_db()
    assert paste.head == 9
    assert sorted(paste.revisions.values_list("number", flat=True)) == list(range(1, 10))
    assert File.objects.filter(revision__paste=paste).count() == 9


def test_many_concurrent_moderators_make_one_change_each_way() -> None:
    paste = writing.publish(Draft([NewFile("x")]))
    outcomes: list[bool] = []

    run_concurrently(lambda: outcomes.append(writing.hide(paste)), 8)
    run_concurrently(lambda: outcomes.append(writing.show(paste)), 8)

    assert outcomes.count(True) == 2
    assert list(Change.objects.order_by("id").values_list("kind", flat=True)) == ["publish", "remove", "restore"]
