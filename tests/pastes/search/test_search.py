"""Searching public pastes: the same results on both databases, and nothing that visitors may not see."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pastes.errors import RefusedError
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from pastes.search import index
from tests.pastes.ciphertexts import sealed
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def publish_public(text: str = "text", name: str = "", **facts: Any) -> Paste:
    """Publish one public file."""
    return publish_text(text, name, visibility="public", **facts)


def search_results(query: str) -> list[str]:
    """Return the keys found by a search, in order."""
    return [paste.key for paste in index.search(query).pastes]


def count_indexed() -> int:
    """Return the number of pastes in the index."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {index.TABLE}")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize(
    "query",
    [
        *("breakfast", "BREAK", "brea", "break fast", "spam", "eggs", "spam.py", "spam, eggs!", "hopper", "Zoe Hopper"),
        *("language:python", "language:py spam", "title:break", "author:zoë", "cafe", "CAFÉ", "x42", "foo_bar", "bar"),
        *("日本", "本", "ﬁsh", "fish", "straße", "STRASSE"),
    ],
)
def test_every_word_of_a_paste_finds_it(query: str) -> None:
    text = "eggs = 'Café'  # x42 foo_bar 日本語 ﬁsh Straße"
    paste = writing.publish(
        Draft([NewFile(text, "spam.py")], title="Break, fast: breakfast", author="Zoë Hopper", visibility="public")
    )
    publish_public("something else", "other.rs")

    assert search_results(query) == [paste.key]


@pytest.mark.parametrize("rows_read_first", [1, 3, 100])
def test_rare_and_frequent_words_are_found_newest_first_page_by_page(
    monkeypatch: pytest.MonkeyPatch, rows_read_first: int
) -> None:
    monkeypatch.setattr(index, "FIRST_ROWS", rows_read_first)
    made = [publish_public(f"often {'seldom' if number in {0, 5} else ''}") for number in range(7)]

    for query, expected in {"often": made, "seldom": [made[0], made[5]], "often seldom": [made[0], made[5]]}.items():
        pages: list[list[str]] = []
        before = None
        while not pages or before is not None:
            page = index.search(query, before=before, length=2)
            pages.append([paste.key for paste in page.pastes])
            before = page.before
        assert [key for page in pages for key in page] == [paste.key for paste in reversed(expected)]
        assert all(len(page) == 2 for page in pages[:-1])


@pytest.mark.parametrize(
    "query",
    [
        *(
            "ggs",
            "egg",
            "bre",
            "a",
            "breakfast supper",
            "language:rust",
            "language:nonsense",
            "title:eggs",
            "author:breakfast",
            "pythons",
        ),
        *(
            "language:",
            "title:",
            "AND",
            "NOT spam",
            '"',
            "'",
            "*",
            "{title} : x",
            "spam & !ham",
            "\\",
            "\0",
            "%z",
            " ",
        ),
    ],
)
def test_other_words_do_not_match(query: str) -> None:
    publish_public("eggs", "spam.py", title="breakfast", author="Ada")

    assert search_results(query) == []


def test_results_are_newest_first_and_in_pages() -> None:
    made = [publish_public(f"common {number}") for number in range(7)]

    first = index.search("common", length=3)
    second = index.search("common", before=first.before, length=3)
    third = index.search("common", before=second.before, length=3)

    shown = [paste.key for page in (first, second, third) for paste in page.pastes]
    assert shown == [paste.key for paste in reversed(made)]
    assert (len(third.pastes), third.before) == (1, None)


@pytest.mark.parametrize("facts", [{}, {"visibility": "public", "burn": True}])
def test_unlisted_pastes_are_not_even_in_the_index(facts: dict[str, Any]) -> None:
    paste = publish_text("needle", title="needle", **facts)
    writing.revise(paste, [NewFile("needle again")])

    assert search_results("needle") == []
    assert count_indexed() == 0


def test_ciphertext_is_not_searched_but_its_title_is() -> None:
    paste = publish_public(sealed(ct="bmVlZGxl"), encrypted=True, title="haystack")

    assert search_results("haystack") == [paste.key]
    assert search_results("bmVlZGxl") == search_results("adata") == []


def test_an_edit_changes_the_search_results() -> None:
    paste = publish_public("before", title="old")

    writing.revise(paste, [NewFile("after", "x.rs")], title="new")

    assert search_results("before") == search_results("old") == []
    assert search_results("after") == search_results("new") == search_results("language:rust") == [paste.key]


def test_a_paste_can_be_made_public_and_unlisted_again() -> None:
    paste = publish_text("needle")

    writing.revise(paste, visibility="public")
    assert search_results("needle") == [paste.key]
    writing.revise(paste, visibility="unlisted")

    assert search_results("needle") == []
    assert count_indexed() == 0


def test_a_hidden_paste_is_not_found_until_it_is_shown_again() -> None:
    paste = publish_public("needle")

    writing.hide(paste)
    assert search_results("needle") == []
    writing.show(paste)
    assert search_results("needle") == [paste.key]
    writing.remove(paste)

    assert search_results("needle") == []
    assert count_indexed() == 0


def test_an_expired_paste_is_not_found_and_its_words_are_removed() -> None:
    paste = publish_public("needle", lifetime=timedelta(hours=1))
    assert search_results("needle") == [paste.key]
    Paste.objects.filter(pk=paste.pk).update(expires_at=paste.created_at - timedelta(seconds=1))

    assert search_results("needle") == []
    writing.erase_expired()

    assert count_indexed() == 0


def test_a_failed_write_leaves_no_words() -> None:
    with transaction.atomic():
        publish_public("needle")
        transaction.set_rollback(True)

    assert search_results("needle") == []
    assert count_indexed() == 0


@pytest.mark.parametrize("query", ["x" * 201, " ".join("abcdefghijk")])
def test_a_search_has_a_limit(query: str) -> None:
    with pytest.raises(RefusedError) as refused:
        index.search(query)

    assert (refused.value.code, refused.value.field) == ("too_long", "q")


@pytest.mark.parametrize(
    "text", ["\n".join(f"w{n}" for n in range(60_000)), "x" * 500_000, "語" * 150_000], ids=["many", "long", "close"]
)
def test_any_text_can_be_indexed(text: str) -> None:
    paste = publish_public(text)

    assert search_results(text[:10].split(maxsplit=1)[0]) == [paste.key]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=30), query=st.text(max_size=30))
def test_any_text_and_any_query_get_a_response(db: None, text: str, query: str) -> None:
    try:
        paste = publish_public(text)
    except RefusedError:
        return

    refusal: RefusedError | None = None
    try:
        assert isinstance(search_results(query), list)
    except RefusedError as refused:
        refusal = refused
    if refusal:
        assert (refusal.code, refusal.limit) == ("too_long", index.MAX_QUERY_WORDS)
        assert len(index.words(query)) > index.MAX_QUERY_WORDS
    some = index.words(text)[:10]
    assert not some or paste.key in search_results(" ".join(some)[:200])
