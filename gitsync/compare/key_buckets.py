"""Iterates a commit's paste folders in buckets, one per two-character key prefix.

A bucket contains about a thousandth of the pastes, so iterating over all of them needs little memory. Paste folders are
listed by their tree id and not opened, which saves Git from reading one tree per paste.
"""

from collections.abc import Iterator

from gitsync.format import tree
from gitsync.repository import history
from gitsync.repository.history import Objects
from gitsync.repository.repository import Repository
from pastes.rules import keys

PREFIX_LENGTH = 2


def buckets(clone: Repository, tip: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (prefix, tree ids of paste folders, keyed by paste) for every bucket, ordered by prefix."""
    if not tip:
        return
    with history.objects(clone) as objects:
        for prefix, below in objects.folders(f"{tip}^{{tree}}"):
            if len(prefix) > 1:
                continue
            for second, oid in objects.folders(below):
                if bucket := dict(_in_bucket(objects, f"{prefix}/{second}", oid)):
                    yield prefix + second, bucket


def pastes(clone: Repository, tip: str) -> Iterator[tuple[str, str]]:
    """Yield (key, tree id) for every paste folder with a valid key."""
    for _, bucket in buckets(clone, tip):
        yield from ((key, oid) for key, oid in bucket.items() if keys.is_valid_key(key))


def _in_bucket(objects: Objects, path: str, oid: str) -> Iterator[tuple[str, str]]:
    thirds = objects.folders(oid)
    objects.prefetch(below for _, below in thirds)
    for third, below in thirds:
        for name, tree_oid in objects.folders(below):
            if tree.key_of(f"{path}/{third}/{name}/"):
                yield name, tree_oid
