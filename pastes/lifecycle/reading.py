"""How pastes are found: one query for a paste with its files, whatever the caller."""

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable

from pastes.access import permissions
from pastes.lifecycle import mirror_copy
from pastes.models import File, Paste, Revision, State, readable
from pastes.rules import keys
from pastes.signals import paste_missed
from pastes.storage.prepared import Prepared

_PASTE = [field.attname for field in Paste._meta.concrete_fields]  # noqa: SLF001  (Django's documented API)
_FILE = [field.attname for field in File._meta.concrete_fields]  # noqa: SLF001  (Django's documented API)
_END = len(_PASTE) + len(_FILE)


def _files_of(key: str, state: Q, *more: Combinable) -> QuerySet[File, tuple[object, ...]]:
    return (
        File.objects.filter(
            state,
            revision__paste__key=key,
            revision__number=F("revision__paste__head"),
        )
        .order_by("position")
        .values_list(*(f"revision__paste__{name}" for name in _PASTE), *_FILE, *more)
    )


_FILES_OF = Prepared(lambda key: _files_of(key, readable("revision__paste__")))
_FILES_AND_COPY_OF = Prepared(
    lambda key: _files_of(key, readable("revision__paste__"), mirror_copy.standing("revision__paste__key"))
)
_HIDDEN_FILES_OF = Prepared(lambda key: _files_of(key, Q(revision__paste__state=State.HIDDEN)))


def revisions(paste: Paste, *, before: int | None, length: int) -> list[tuple[Revision, list[File]]]:
    """Return revisions of a paste with what is known of their files but their texts, the newest first."""
    found = paste.revisions.order_by("-number")
    if before is not None:
        found = found.filter(number__lt=before)
    page = {one.pk: (one, list[File]()) for one in found[:length]}
    for file in File.objects.filter(revision__in=page).defer("content").order_by("position"):
        page[file.revision_id][1].append(file)
    return list(page.values())


def revision(paste: Paste, number: int) -> tuple[Revision, list[File]] | None:
    """Return the revision of a paste that has this number, with its files, or None."""
    found = paste.revisions.filter(number=number).first()
    return (found, list(found.files.order_by("position"))) if found else None


def find(key: str, *, with_copy: bool = False) -> Paste | None:
    """Return the readable paste of this key with the files of its current revision, or None.

    `with_copy` finds where its copy stands in the same query, for `copies.of`. A paste that burns after reading comes
    without its content: only writing.burn hands that out. Who moderates by an API token finds hidden pastes too. Raises
    RefusedError when the caller may not read.
    """
    permissions.demand("read")
    return _find(key, _FILES_AND_COPY_OF if with_copy else _FILES_OF)


def find_to_change(key: str) -> Paste | None:
    """Return the same to who may perhaps not read: what is done with it needs proof of its own."""
    return _find(key, _FILES_OF)


def _find(key: str, files_of: Prepared) -> Paste | None:
    if not keys.can_be(key):
        return None
    rows = files_of.rows(key)
    if not rows and permissions.moderates():
        rows = _HIDDEN_FILES_OF.rows(key)
    if not rows:
        paste_missed.send(sender=Paste)
        return None
    paste = Paste.from_db(DEFAULT_DB_ALIAS, _PASTE, rows[0][: len(_PASTE)])
    paste.files = [File.from_db(DEFAULT_DB_ALIAS, _FILE, row[len(_PASTE) : _END]) for row in rows]
    if len(rows[0]) > _END:
        paste.standing = rows[0][_END] or ""
    if paste.burn:
        for file in paste.files:
            file.content = ""
    return paste


def key_of_old_code(code: str) -> str | None:
    """Return the key of the paste that the first Pasteur had under this code, or None."""
    if not keys.can_be_old(code):
        return None
    return Paste.objects.filter(old_code=code).values_list("key", flat=True).first()
