"""Full-text search in public pastes, for both databases.

Content is split into words by this module so that both databases find the same pastes. writing.py updates the index in
the same transaction as the paste. The index only contains listed pastes. It is an FTS5 table on SQLite and a table with
a `tsvector` on PostgreSQL.
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
#: The fields to search if none is specified.
_DEFAULT_FIELDS = ("title", "author", "body")
_MAX_BODY_WORDS = 20_000
_WORD_LENGTH = 40
#: The limit for file names and content: a tsvector may have at most 1,048,575 bytes, including all other fields.
_MAX_BODY_BYTES = 900_000
_NEWEST = 2**63 - 1
#: The number of rows that are scanned in PostgreSQL before using the index.
FIRST_ROWS = 3_000
#: Shorter words are not matched as prefixes, because too many words begin with them.
_MIN_PREFIX_LENGTH = 4
#: Scripts without spaces between words, where each letter is treated as a word. Other words are letters and digits.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")


class _BaseCharacters(dict[int, str]):
    """Map characters to their compatibility decomposition without accents.

    Normalizing the entire text would take quadratic time, since runs of accents are sorted.
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
    """Matching pastes, newest first. `before` is where the next page starts, or None on the last page."""

    pastes: list[Paste]
    before: int | None


def search(query: str, *, before: int | None = None, length: int = PAGE_LENGTH) -> Page:
    """Return the listed pastes that contain all words of a query in their title, author, file names or content.

    Words of four or more letters also match as prefixes. `language:python`, `title:word` and `author:word` search a
    single field. Raise RefusedError if the query is too long.
    """
    if len(query) > MAX_QUERY_LENGTH:
        message = gettext("A search may be at most %(limit)s characters long.") % {"limit": MAX_QUERY_LENGTH}
        raise RefusedError("too_long", message, field="q", limit=MAX_QUERY_LENGTH)
    terms = _terms(query)
    if len(terms) > MAX_QUERY_WORDS:
        message = gettext("A search may contain at most %(limit)s words.") % {"limit": MAX_QUERY_WORDS}
        raise RefusedError("too_long", message, field="q", limit=MAX_QUERY_WORDS)
    if not terms:
        return Page([], None)
    find = _in_sqlite if connection.vendor == "sqlite" else _in_postgresql
    ids = find(_matching(terms), _NEWEST if before is None else before, length + 1)
    pastes = list(Paste.objects.listed().filter(pk__in=ids[:length]))
    return Page(pastes, ids[length - 1] if len(ids) > length else None)


def _in_sqlite(condition: str, before: int, limit: int) -> list[int]:
    """Return the ids of the newest matches. FTS5 reads its lists starting at the newest row and stops at the limit."""
    sql = f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s AND rowid < %s ORDER BY rowid DESC LIMIT %s"  # noqa: S608
    return _ids(sql, [condition, before, limit])


def _in_postgresql(condition: str, before: int, limit: int) -> list[int]:
    """Return the ids of the newest matches. Frequent words are found in the newest rows, rare ones through the index.

    PostgreSQL cannot distinguish them: its own query plan may read all rows when searching for a word that does not
    occur.
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
    """Index a paste if it is listed, and remove it from the index otherwise."""
    if paste.visibility == Visibility.PUBLIC and paste.state == State.PUBLISHED and not paste.burn:
        texts = [] if paste.encrypted else [file.content for file in paste.files]
        names = [file.name for file in paste.files]
        write(paste.pk, entry(paste.title, paste.author, {file.language for file in paste.files}, [*names, *texts]))
    else:
        remove(paste)


def remove(paste: Paste) -> None:
    """Remove a paste from the index if it is indexed."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE {_id()} = %s", [paste.pk])  # noqa: S608


def entry(title: str, author: str, languages: Iterable[str], body: Iterable[str]) -> Entry:
    """Return the words of a paste. `body` contains its file names and content."""
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
    """Yield words until the size limit is reached."""
    size = 0
    for word in body_words:
        size += len(word.encode())
        if size > _MAX_BODY_BYTES:
            return
        yield word


def write(paste_id: int, entry: Entry) -> None:
    """Store the entry of the paste with this primary key, replacing an existing one."""
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
    """Return the words of a text, casefolded, without accents and truncated to the maximum length."""
    if not text.isascii():
        text = text.translate(_BASE_CHARACTERS)
    text = text.casefold()
    return [word[:_WORD_LENGTH] for word in _WORD.findall(text)]


def _terms(query: str) -> list[tuple[str, str]]:
    """Return the words of a query, each with its field, which is empty if none is specified."""
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
    """Return the terms as a database condition, which contains only letters and digits from the query."""
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
    """Return the tsvector value: all words, and again with their field those of all fields except the body.

    Weights could distinguish fields, but are not part of the index, so PostgreSQL would read every row that contains
    the word.
    """
    plain = {word for field in _DEFAULT_FIELDS for word in entry[field]}
    with_field = {_lexeme(field, word) for field in _FIELDS if field != "body" for word in entry[field]}
    return " ".join(f"'{lexeme}'" for lexeme in plain | with_field)


def _lexeme(field: str, word: str) -> str:
    """Return a word with its field for PostgreSQL, in a form that no word of a query can have."""
    return f"/{field}/{word}" if field else word


def _language_word(language: str) -> str:
    """Return the name of a language as a single word."""
    return language.replace("-", "")


def _id() -> str:
    return "rowid" if connection.vendor == "sqlite" else "id"
