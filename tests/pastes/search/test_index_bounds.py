"""The index accepts every text, however hostile: PostgreSQL stores at most 1,048,575 bytes of words for a paste."""

import random
from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, Visibility
from pastes.search import index

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

_LIMIT = 524_288
_FOUR_BYTES = [chr(code) for code in range(0x10400, 0x10450)]  # Deseret letters.


def numbered(word: str, start: int = 1_000) -> str:
    """Return as many different words as fit into a text: a number and these letters."""
    size = len(f"{start}{word} ".encode())
    return " ".join(f"{number}{word}" for number in range(start, start + (_LIMIT // (size + 1))))


def random_words(letters: list[str], length: int) -> str:
    chance = random.Random(1)
    words, size = [], 0
    while size < _LIMIT - 200:
        words.append("".join(chance.choices(letters, k=length)))
        size += len(words[-1].encode()) + 1
    return " ".join(words)


TEXTS: dict[str, Callable[[], str]] = {
    "a ligature of four letters": lambda: numbered("\ufdfc" * 9),
    "a ligature of eighteen letters": lambda: numbered("\ufdfa" * 2),
    "syllables of three letters": lambda: numbered("\ubf0e" * 12),
    "letters of four bytes": lambda: random_words(_FOUR_BYTES, 40),
    "short words of four bytes": lambda: random_words(_FOUR_BYTES, 3),
    "words without end": lambda: "\ufdfc" * (_LIMIT // 3),
    "letters that grow in casefold": lambda: numbered("\u0390\u1fe3" * 20),
    "sharp s": lambda: numbered("ß" * 40),
    "every letter there is": lambda: " ".join(chr(code) for code in range(0x80, 0x1FFFF) if chr(code).isalnum()),
    "quotation marks": lambda: numbered("'\\':*&|!()<->'"),
    "accents": lambda: numbered("a\u0301\u0316" * 20),
    "numbers": lambda: numbered(""),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_hostile_text_is_stored_and_found(text: Callable[[], str]) -> None:
    content = text().encode()[:_LIMIT].decode(errors="ignore")
    paste = writing.publish(Draft([NewFile(content, "1.txt")], title="Needle", visibility=Visibility.PUBLIC))

    assert [match.pk for match in index.search("title:needle").pastes] == [paste.pk]
    assert [match.pk for match in index.search(index.words(content)[0][:40]).pastes] == [paste.pk]
    assert size_of(paste) < 1_048_576


def test_all_parts_of_a_paste_share_the_bound(settings: Settings) -> None:
    settings.PASTEUR_MAX_BYTES = 16 * 1024 * 1024
    texts = [text() for text in TEXTS.values()]
    files = [NewFile(text, f"{number}-{'ﷺ' * 70}.txt") for number, text in enumerate(texts)]
    paste = writing.publish(Draft(files, title="ﷺ" * 200, author="ﷺ" * 100, visibility=Visibility.PUBLIC))
    assert size_of(paste) < 1_048_576

    writing.revise(paste, files[::-1])

    assert size_of(paste) < 1_048_576


def size_of(paste: Paste) -> int:
    """Return the bytes of the words of a paste in the index of PostgreSQL; 0 on SQLite, which has no bound."""
    if connection.vendor == "sqlite":
        return 0
    with connection.cursor() as cursor:
        words = f"SELECT UNNEST(TSVECTOR_TO_ARRAY(words)) word FROM {index.TABLE} WHERE id = %s"
        cursor.execute(f"SELECT SUM(OCTET_LENGTH(word)) FROM ({words}) words", [paste.pk])
        return int(cursor.fetchone()[0])
