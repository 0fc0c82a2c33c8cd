"""Reads a paste's folder from Git, and compares folders with stored pastes by object id."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from gitsync.format import tree
from gitsync.inbound import metadata
from gitsync.inbound.metadata import DamagedError, Metadata
from gitsync.models import PurgedText
from gitsync.purge import requests
from gitsync.repository.history import Objects
from pastes.lifecycle.draft import NewRevision
from pastes.models import File, Paste


@dataclass(frozen=True)
class PasteFolder:
    """The content of a paste's folder: its metadata, and the blob ids of its files, keyed by name in the folder."""

    metadata: Metadata
    text_oids: Mapping[str, str]


def read_folder(objects: Objects, key: str, tree_oid: str) -> PasteFolder:
    """Return the folder of the paste `key`, given its tree. Raises DamagedError."""
    rows = objects.tree(tree_oid)
    if rows is None:
        raise DamagedError("its folder is too large")
    text_oids = metadata.text_oids(rows)
    metadata_oid = next((row.oid for row in rows if row.name == tree.METADATA), None)
    if metadata_oid is None:
        return PasteFolder(metadata.NO_METADATA, text_oids)
    content = objects.blob(metadata_oid, metadata.MAX_METADATA_BYTES)
    if content is None:
        raise DamagedError("its metadata is too large")
    return PasteFolder(metadata.parse(content, key), text_oids)


def read_revision(
    objects: Objects, folder: PasteFolder, number: int, created_at: datetime, author: str = ""
) -> NewRevision:
    """Return a revision with the files of a folder. Raises DamagedError."""
    remaining_bytes, texts = settings.PASTEUR_MAX_BYTES, {}
    for path, oid in folder.text_oids.items():
        content = objects.blob(oid, remaining_bytes)
        if content is None:
            raise DamagedError(f"its files exceed PASTEUR_MAX_BYTES ({settings.PASTEUR_MAX_BYTES} bytes)")
        remaining_bytes -= len(content)
        texts[path] = content
    return NewRevision(number, created_at, metadata.build_files(folder.metadata, texts), author)


def text_oids_in_tree(objects: Objects, name: str) -> dict[str, str]:
    """Return the blob ids of a folder's files, keyed by name, or an empty dict if the folder does not exist.

    `name` is the id of a tree, or `commit:path`.
    """
    return {row.name: row.oid for row in objects.tree(name) or [] if row.name != tree.METADATA}


def text_oids_of_revision(paste: Paste, number: int) -> dict[str, str]:
    """Return the blob ids of a stored revision's files, keyed by name in the folder."""
    files = File.objects.filter(revision__paste=paste, revision__number=number).order_by("position")
    rows = list(files.values_list("name", "oid"))
    return dict(zip(tree.tree_names(name for name, _ in rows), (oid for _, oid in rows), strict=True))


def tree_oid_of(paste: Paste) -> str:
    """Return the id of the tree that Pasteur writes for a paste and its files."""
    return tree.tree_oid(tree.entries(paste, paste.files[0].revision, paste.files, with_content=False))


def refuse_purged_texts(objects: Objects, tree_oids: Iterable[str], allowed: Iterable[str] = ()) -> None:
    """Raise DamagedError if a folder contains purged content whose blob id is not in `allowed`."""
    if not PurgedText.objects.exists():
        return
    blob_oids = {oid for tree_oid in tree_oids if tree_oid for oid in text_oids_in_tree(objects, tree_oid).values()}
    for oid in blob_oids.difference(allowed):
        content = objects.blob(oid, settings.PASTEUR_MAX_BYTES)
        if content and (purged_key := requests.purged_key_of(content)):
            raise DamagedError(f"it contains content that was purged with {purged_key}")
