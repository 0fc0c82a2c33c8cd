"""Look up pastes. A paste and its files are loaded in a single query."""

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable

from pastes.access import permissions, request_context
from pastes.lifecycle import mirror_copy
from pastes.models import File, Paste, Revision, State, readable
from pastes.rules import keys
from pastes.rules.languages import PLAIN
from pastes.signals import paste_missed
from pastes.storage.prepared import Prepared

_PASTE_FIELDS = [field.attname for field in Paste._meta.concrete_fields]  # noqa: SLF001  (Django's documented API)
_FILE_FIELDS = [field.attname for field in File._meta.concrete_fields]  # noqa: SLF001  (Django's documented API)
_END = len(_PASTE_FIELDS) + len(_FILE_FIELDS)


def _files_of(key: str, condition: Q, *more: Combinable) -> QuerySet[File, tuple[object, ...]]:
    return (
        File.objects.filter(
            condition,
            revision__paste__key=key,
            revision__number=F("revision__paste__head"),
        )
        .order_by("position")
        .values_list(*(f"revision__paste__{name}" for name in _PASTE_FIELDS), *_FILE_FIELDS, *more)
    )


_READABLE = Prepared(lambda key: _files_of(key, readable("revision__paste__")))
_READABLE_WITH_COPY = Prepared(
    lambda key: _files_of(key, readable("revision__paste__"), mirror_copy.state_column("revision__paste__key"))
)
_HIDDEN = Prepared(lambda key: _files_of(key, Q(revision__paste__state=State.HIDDEN)))


def find(key: str, *, with_copy: bool = False) -> Paste | None:
    """Return the readable paste with this key and the files of its current revision, or None if there is none.

    `with_copy` loads the state of its copy in the same query, for `mirror_copy.of`. A paste that burns after reading is
    returned without its content and metadata, which only writing.burn returns. Hidden pastes are only found if the
    caller's API token may moderate. Raise RefusedError if the caller may not read.
    """
    permissions.demand("read")
    return _find(key, _READABLE_WITH_COPY if with_copy else _READABLE)


def find_to_change(key: str) -> Paste | None:
    """Like `find`, but without checking that the caller may read: its permission to edit is checked afterwards."""
    return _find(key, _READABLE)


def _find(key: str, query: Prepared) -> Paste | None:
    if not keys.is_valid_key(key):
        return None
    rows = query.rows(key)
    if not rows and permissions.moderates():
        rows = _HIDDEN.rows(key)
    request_context.mark_shows_pastes()
    if not rows:
        paste_missed.send(sender=Paste)
        return None
    paste = Paste.from_db(DEFAULT_DB_ALIAS, _PASTE_FIELDS, rows[0][: len(_PASTE_FIELDS)])
    paste.files = [File.from_db(DEFAULT_DB_ALIAS, _FILE_FIELDS, row[len(_PASTE_FIELDS) : _END]) for row in rows]
    if len(rows[0]) > _END:
        paste.copy_state = rows[0][_END] or ""
    if paste.burn:
        _conceal(paste)
    if paste.burn or paste.encrypted:
        request_context.mark_shows_pastes(confidential=True)
    return paste


def _conceal(paste: Paste) -> None:
    """Clear the content and everything about it: short content can be guessed from its length or its blob id."""
    paste.title = paste.author = paste.comment = paste.forked_from = ""
    for file in paste.files:
        file.name = file.content = file.oid = ""
        file.language, file.size_bytes = PLAIN.name, 0


def revisions(paste: Paste, *, before: int | None, length: int) -> list[tuple[Revision, list[File]]]:
    """Return revisions of a paste, newest first, each with its files but without their content."""
    query = paste.revisions.order_by("-number")
    if before is not None:
        query = query.filter(number__lt=before)
    page = {revision.pk: (revision, list[File]()) for revision in query[:length]}
    for file in File.objects.filter(revision__in=page).defer("content").order_by("position"):
        page[file.revision_id][1].append(file)
    return list(page.values())


def revision(paste: Paste, number: int) -> tuple[Revision, list[File]] | None:
    """Return the given revision of a paste and its files, or None if there is no such revision."""
    row = paste.revisions.filter(number=number).first()
    return (row, list(row.files.order_by("position"))) if row else None


def key_of_old_code(code: str) -> str | None:
    """Return the key of the paste that had this code in the original Pasteur, or None if there is none."""
    if not keys.is_valid_old_code(code):
        return None
    return Paste.objects.filter(old_code=code).values_list("key", flat=True).first()
