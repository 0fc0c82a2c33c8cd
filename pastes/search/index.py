"""Finding public pastes by their words. One function to ask, whichever database keeps the index.

The index knows words alone: cut from the texts here, in the same way for both databases, so that both find the same.
It is written in the transaction of the paste, by writing.py; SQLite keeps it in an FTS5 table, PostgreSQL in a table
with a `tsvector`. Pastes that are not listed are not in it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext

from pastes.errors import RefusedError
from pastes.models import Paste, State, Visibility
from pastes.rules import languages

PAGE_LENGTH = 30
MAX_QUERY_LENGTH = 200
MAX_QUERY_WORDS = 10

TABLE = "pastes_search"
#: The fields of the index.
_FIELDS = ("language", "title", "author", "body")
_FREE = ("title", "author", "body")
_MOST_WORDS = 20_000
_WORD_LENGTH = 40
_NEWEST = 2**63 - 1
#: The rows that PostgreSQL looks at one after the other before it asks the index.
FIRST_ROWS = 3_000
#: Of a shorter word, those that begin with it are too many to be of use, or to be read.
_BEGINNING_LENGTH = 4
#: Letters and digits in a row; scripts that put no spaces between words are taken letter by letter.
_CLOSE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_CLOSE}]|[^\W_{_CLOSE}]+")

#: What stands in the index for a paste: the words of each field.
Entry = Mapping[str, Iterable[str]]


@dataclass(frozen=True)
class Found:
    """Pastes that match, the newest first; `before` is where the next page starts, None on the last."""

    pastes: list[Paste]
    before: int | None


def search(query: str, *, before: int | None = None, length: int = PAGE_LENGTH) -> Found:
    """Return the listed pastes that have all words of a query in title, author, file names or text.

    A word of four letters and more also finds those that begin with it. `language:python`, `title:word` and
    `author:word` look there alone.
    Raises RefusedError for a query that is too long.
    """
    if len(query) > MAX_QUERY_LENGTH:
        message = gettext("A search may have at most %(most)s characters.") % {"most": MAX_QUERY_LENGTH}
        raise RefusedError("too_long", message, field="q", limit=MAX_QUERY_LENGTH)
    terms = _terms(query)
    if len(terms) > MAX_QUERY_WORDS:
        message = gettext("A search may have at most %(most)s words.") % {"most": MAX_QUERY_WORDS}
        raise RefusedError("too_long", message, field="q", limit=MAX_QUERY_WORDS)
    if not terms:
        return Found([], None)
    find = _in_sqlite if connection.vendor == "sqlite" else _in_postgresql
    ids = find(_matching(terms), _NEWEST if before is None else before, length + 1)
    pastes = list(Paste.objects.listed().filter(pk__in=ids[:length]))
    return Found(pastes, ids[length - 1] if len(ids) > length else None)


def _in_sqlite(condition: str, before: int, most: int) -> list[int]:
    """Return the ids of the newest that match; FTS5 reads its lists from their newest end and stops."""
    sql = f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s AND rowid < %s ORDER BY rowid DESC LIMIT %s"  # noqa: S608
    return _ids(sql, [condition, before, most])


def _in_postgresql(condition: str, before: int, most: int) -> list[int]:
    """Return the same. What is frequent is found among the newest rows, what is rare by the index.

    PostgreSQL does not know which it is: left to itself, it may read all rows for a word that is nowhere.
    """
    newest = f"SELECT id, words FROM {TABLE} WHERE id < %s ORDER BY id DESC LIMIT {FIRST_ROWS}"  # noqa: S608
    sql = f"SELECT id FROM ({newest}) newest WHERE words @@ %s::tsquery ORDER BY id DESC LIMIT %s"  # noqa: S608
    found = _ids(sql, [before, condition, most])
    if len(found) == most:
        return found
    matching = f"SELECT id FROM {TABLE} WHERE words @@ %s::tsquery AND id < %s"  # noqa: S608
    sql = f"WITH matching AS MATERIALIZED ({matching}) SELECT id FROM matching ORDER BY id DESC LIMIT %s"  # noqa: S608
    return _ids(sql, [condition, before, most])


def _ids(sql: str, values: Sequence[str | int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def keep(paste: Paste) -> None:
    """Write down the words of a paste that is listed, and take one that is not out of the index."""
    if paste.visibility == Visibility.PUBLIC and paste.state == State.PUBLISHED and not paste.burn:
        texts = [] if paste.encrypted else [file.content for file in paste.files]
        names = [file.name for file in paste.files]
        write(paste.pk, entry(paste.title, paste.author, {file.language for file in paste.files}, [*names, *texts]))
    else:
        drop(paste)


def drop(paste: Paste) -> None:
    """Take a paste out of the index, whether it is in it or not."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE {_id()} = %s", [paste.pk])  # noqa: S608


def entry(title: str, author: str, spoken: Iterable[str], body: Iterable[str]) -> Entry:
    """Return what the index has to know of a paste; `body` are its file names and texts."""
    found: dict[str, None] = {}
    for text in body:
        found.update(dict.fromkeys(words(text)))
        if len(found) >= _MOST_WORDS:
            break
    first = list(found)[:_MOST_WORDS]
    return {
        "language": {_spoken(name) for name in spoken},
        "title": set(words(title)),
        "author": set(words(author)),
        "body": first,
    }


def write(number: int, found: Entry) -> None:
    """Store the entry of the paste with this primary key, in place of an older one."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                f"INSERT OR REPLACE INTO {TABLE} (rowid, language, title, author, body) VALUES (%s, %s, %s, %s, %s)",  # noqa: S608
                [number, *(" ".join(found[field]) for field in _FIELDS)],
            )
        else:
            cursor.execute(
                f"INSERT INTO {TABLE} (id, words) VALUES (%s, %s::tsvector)"  # noqa: S608
                " ON CONFLICT (id) DO UPDATE SET words = EXCLUDED.words",
                [number, _vector(found)],
            )


def words(text: str) -> list[str]:
    """Return the words of a text without case and accents, cut to what the index keeps of each."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = text.casefold()
    return [word[:_WORD_LENGTH] for word in _WORD.findall(text)]


def _terms(query: str) -> list[tuple[str, str]]:
    """Return the words of a query, each with the field in which it has to stand, or with none."""
    terms: list[tuple[str, str]] = []
    for part in query.split():
        field, colon, rest = part.partition(":")
        if colon and field == "language" and rest:
            language = languages.named(rest)
            terms.append(("language", _spoken(language.name) if language else "unknown"))
        elif colon and field in {"title", "author"}:
            terms += [(field, word) for word in words(rest)]
        else:
            terms += [("", word) for word in words(part)]
    return terms


def _matching(terms: Iterable[tuple[str, str]]) -> str:
    """Return the terms in the language of the database; nothing but letters and digits of a query enters it."""
    found = []
    for field, word in terms:
        fields = (field,) if field else _FREE
        begins = field != "language" and len(word) >= _BEGINNING_LENGTH
        if connection.vendor == "sqlite":
            found.append(f'{{{" ".join(fields)}}} : "{word}"{" *" if begins else ""}')
        else:
            found.append(f"'{_lexeme(field, word)}'{':*' if begins else ''}")
    return (" AND " if connection.vendor == "sqlite" else " & ").join(found)


def _vector(found: Entry) -> str:
    """Return the words as PostgreSQL has them: each of the free fields, and each of the fields that have a name.

    The labels that a tsvector may have are not in the index: with them, PostgreSQL looks into every row with the word.
    """
    free = {word for field in _FREE for word in found[field]}
    named = {_lexeme(field, word) for field in _FIELDS if field != "body" for word in found[field]}
    return " ".join(f"'{lexeme}'" for lexeme in free | named)


def _lexeme(field: str, word: str) -> str:
    """Return how a word of a field stands in the index of PostgreSQL; no word that is asked for begins like that."""
    return f"/{field}/{word}" if field else word


def _spoken(language: str) -> str:
    """Return the name of a language as one word."""
    return language.replace("-", "")


def _id() -> str:
    return "rowid" if connection.vendor == "sqlite" else "id"
