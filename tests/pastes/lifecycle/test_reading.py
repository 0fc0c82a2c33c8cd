"""Finding pastes: one query, and no content of burn-after-reading pastes."""

import pytest
from pytest_django import DjangoAssertNumQueries

from pastes.lifecycle import mirror_copy, reading, writing
from pastes.lifecycle.draft import Draft, NewFile
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_paste_is_loaded_with_all_its_files_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    made = writing.publish(Draft([NewFile(str(number), f"{number}.txt") for number in range(20)], title="T"))

    with django_assert_num_queries(1):
        found = reading.find(made.key)
        assert found is not None
        assert [file.content for file in found.files] == [str(number) for number in range(20)]

    assert (found.pk, found.title, found.created_at, found.head) == (made.pk, "T", made.created_at, 1)


def test_a_paste_is_loaded_with_its_mirror_state_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    made, burning = publish_text(), publish_text(burn=True)

    with django_assert_num_queries(2):
        found = [reading.find(paste.key, with_copy=True) for paste in (made, burning)]
        assert [mirror_copy.of(paste).state for paste in found if paste] == ["waiting", "none"]


def test_the_current_revision_is_found() -> None:
    paste = publish_text("old")
    writing.revise(paste, [NewFile("new")])

    found = reading.find(paste.key)

    assert found is not None
    assert (found.head, [file.content for file in found.files]) == (2, ["new"])


def test_a_burning_paste_is_loaded_without_its_content() -> None:
    paste = publish_text("secret", burn=True)

    found = reading.find(paste.key)

    assert found is not None
    assert (found.burn, [file.content for file in found.files]) == (True, [""])
    assert [file.content for file in writing.burn(found) or []] == ["secret"]


@pytest.mark.parametrize("end", [writing.hide, writing.remove])
def test_a_removed_paste_is_not_found(end: object) -> None:
    paste = publish_text()
    assert callable(end)
    end(paste)

    assert reading.find(paste.key) is None


@pytest.mark.parametrize(
    "key", ["", "\0", "abcdefgh\0", "ABCDEFGHJK", "x" * 10_000, "\ud800", "abcdefghjk\n", "abcdefghjk "]
)
def test_an_impossible_key_causes_no_query(key: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert reading.find(key) is None
