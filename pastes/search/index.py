"""Full-text search in public pastes, on both databases.

Texts are split into words here, so that both databases find the same pastes. writing.py updates the index in the
transaction of the paste. It is an FTS5 table on SQLite and a table with a `tsvector` on PostgreSQL. It has listed
pastes only.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db import connection
from django.utils.translation import gettext

from pastes.errors import RefusedError
from pastes.models import Paste, State, Visibility
from pastes.rules.languages import named

PAGE_LENGTH = 30
MAX_QUERY_LENGTH = 200
MAX_QUERY_WORDS = 10

TABLE = "pastes_search"
_FIELDS = ("language", "title", "author", "body")
#: The fields in which a word without a field is searched.
_DEFAULT_FIELDS = ("title", "author", "body")
_MAX_BODY_WORDS = 20_000
_WORD_LENGTH = 40
#: The words of the texts; a tsvector has at most 1,048,575 bytes, all fields together.
_MAX_BODY_BYTES = 900_000
_NEWEST = 2**63 - 1
#: The rows that PostgreSQL scans before it uses the index.
FIRST_ROWS = 3_000
#: Shorter words are no prefixes: too many words begin with them.
_MIN_PREFIX_LENGTH = 4
#: Scripts without spaces between words, where every letter is a word. Otherwise, words are letters and digits.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")


class _BaseCharacters(dict[int, str]):
    """Translates a character to its compatibility decomposition without accents.

    Normalizing a whole text would take time with the square of its longest run of accents, which it sorts.
    """

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code))
        base = "".join(character for character in decomposed if not unicodedata.combining(character))
        self[code] = base
        return base


_BASE_CHARACTERS = _BaseCharacters()

#: The words of each field of a paste.
Entry = Mapping[str, Iterable[str]]


@dataclass(frozen=True)
class Page:
    """Matching pastes, the newest first; `before` is the start of the next page, None on the last one."""

    pastes: list[Paste]
    before: int | None


def search(query: str, *, before: int | None = None, length: int = PAGE_LENGTH) -> Page:
    """Return the listed pastes that have all words of a query in title, author, file names or text.

    A word of four letters or more also matches as a prefix. `language:python`, `title:word` and `author:word` search
    one field. Raises RefusedError for a query that is too long.
    """
    if len(query) > MAX_QUERY_LENGTH:
        message = gettext("A search may be at most %(most)s characters long.") % {"most": MAX_QUERY_LENGTH}
        raise RefusedError("too_long", message, field="q", limit=MAX_QUERY_LENGTH)
    terms = _terms(query)
    if len(terms) > MAX_QUERY_WORDS:
        message = gettext("A search may contain at most %(most)s words.") % {"most": MAX_QUERY_WORDS}
        raise RefusedError("too_long", message, field="q", limit=MAX_QUERY_WORDS)
    if not terms:
        return Page([], None)
    find = _in_sqlite if connection.vendor == "sqlite" else _in_postgresql
    ids = find(_matching(terms), _NEWEST if before is None else before, length + 1)
    pastes = list(Paste.objects.listed().filter(pk__in=ids[:length]))
    return Page(pastes, ids[length - 1] if len(ids) > length else None)


def _in_sqlite(condition: str, before: int, limit: int) -> list[int]:
    """Return the ids of the newest matches; FTS5 reads its lists from the newest row on and stops at the limit."""
    sql = f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s AND rowid < %s ORDER BY rowid DESC LIMIT %s"  # noqa: S608
    return _ids(sql, [condition, before, limit])


def _in_postgresql(condition: str, before: int, limit: int) -> list[int]:
    """Return the same. Frequent words are found among the newest rows, rare ones by the index.

    PostgreSQL cannot tell them apart: its own plan may read all rows for a word that no row has.
    """
    newest = f"SELECT id, words FROM {TABLE} WHERE id < %s ORDER BY id DESC LIMIT {FIRST_ROWS}"  # noqa: S608
    sql = f"SELECT id FROM ({newest}) newest WHERE words @@ %s::tsquery ORDER BY id DESC LIMIT %s"  # noqa: S608
    ids = _ids(sql, [before, condition, limit])
    if len(ids) == limit:
        return ids
    matching = f"SELECT id FROM {TABLE} WHERE words @@ %s::tsquery AND id < %s"  # noqa: S608
    sql = f"WITH matching AS MATERIALIZED ({matching}) SELECT id FROM matching ORDER BY id DESC LIMIT %s"  # noqa: S608
    return _ids(sql, [condition, before, limit])


def _ids(sql: str, values: Sequence[str | int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def update(paste: Paste) -> None:
    """Store the words of a listed paste; remove a paste that is not listed."""
    if paste.visibility == Visibility.PUBLIC and paste.state == State.PUBLISHED and not paste.burn:
        texts = [] if paste.encrypted else [file.content for file in paste.files]
        names = [file.name for file in paste.files]
        write(paste.pk, entry(paste.title, paste.author, {file.language for file in paste.files}, [*names, *texts]))
    else:
        remove(paste)


def remove(paste: Paste) -> None:
    """Remove a paste from the index if it is there."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE {_id()} = %s", [paste.pk])  # noqa: S608


def entry(title: str, author: str, languages: Iterable[str], body: Iterable[str]) -> Entry:
    """Return the words of a paste; `body` are its file names and texts."""
    body_words: dict[str, None] = {}
    for text in body:
        body_words.update(dict.fromkeys(words(text)))
        if len(body_words) >= _MAX_BODY_WORDS:
            break
    return {
        "language": {_language_word(name) for name in languages},
        "title": set(words(title)),
        "author": set(words(author)),
        "body": list(_fitting(islice(body_words, _MAX_BODY_WORDS))),
    }


def _fitting(body_words: Iterable[str]) -> Iterator[str]:
    """Yield words until the index has no room for the next one."""
    size = 0
    for word in body_words:
        size += len(word.encode())
        if size > _MAX_BODY_BYTES:
            return
        yield word


def write(paste_id: int, entry: Entry) -> None:
    """Store the entry of the paste with this primary key, in place of an older one."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                f"INSERT OR REPLACE INTO {TABLE} (rowid, language, title, author, body) VALUES (%s, %s, %s, %s, %s)",  # noqa: S608
                [paste_id, *(" ".join(entry[field]) for field in _FIELDS)],
            )
        else:
            cursor.execute(
                f"INSERT INTO {TABLE} (id, words) VALUES (%s, %s::tsvector)"  # noqa: S608
                " ON CONFLICT (id) DO UPDATE SET words = EXCLUDED.words",
                [paste_id, _vector(entry)],
            )


def words(text: str) -> list[str]:
    """Return the words of a text without case and accents, cut to the longest length of the index."""
    if not text.isascii():
        text = text.translate(_BASE_CHARACTERS)
    text = text.casefold()
    return [word[:_WORD_LENGTH] for word in _WORD.findall(text)]


def _terms(query: str) -> list[tuple[str, str]]:
    """Return the words of a query, each with its field, empty for any field."""
    terms: list[tuple[str, str]] = []
    for part in query.split():
        field, colon, rest = part.partition(":")
        if colon and field == "language" and rest:
            language = named(rest)
            terms.append(("language", _language_word(language.name) if language else "unknown"))
        elif colon and field in {"title", "author"}:
            terms += [(field, word) for word in words(rest)]
        else:
            terms += [("", word) for word in words(part)]
    return terms


def _matching(terms: Iterable[tuple[str, str]]) -> str:
    """Return the terms as a condition for the database; only letters and digits of the query get into it."""
    conditions = []
    for field, word in terms:
        fields = (field,) if field else _DEFAULT_FIELDS
        is_prefix = field != "language" and len(word) >= _MIN_PREFIX_LENGTH
        if connection.vendor == "sqlite":
            conditions.append(f'{{{" ".join(fields)}}} : "{word}"{" *" if is_prefix else ""}')
        else:
            conditions.append(f"'{_lexeme(field, word)}'{':*' if is_prefix else ''}")
    return (" AND " if connection.vendor == "sqlite" else " & ").join(conditions)


def _vector(entry: Entry) -> str:
    """Return the words for PostgreSQL: all words, and the words of all fields but the body with their fields.

    The weights of a tsvector could tell fields apart, but are not in the index: PostgreSQL would read every row that
    has the word.
    """
    plain = {word for field in _DEFAULT_FIELDS for word in entry[field]}
    with_field = {_lexeme(field, word) for field in _FIELDS if field != "body" for word in entry[field]}
    return " ".join(f"'{lexeme}'" for lexeme in plain | with_field)


def _lexeme(field: str, word: str) -> str:
    """Return a word of a field for PostgreSQL; no word of a query begins like that."""
    return f"/{field}/{word}" if field else word


def _language_word(language: str) -> str:
    """Return the name of a language as one word."""
    return language.replace("-", "")


def _id() -> str:
    return "rowid" if connection.vendor == "sqlite" else "id"
