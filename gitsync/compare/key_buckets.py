"""The folders of all pastes in the tree of a commit, a shelf at a time: what lies below the same two letters.

A shelf holds a thousandth of the pastes, so that whoever goes through all of them needs little memory. The folders
themselves are not looked into, which spares Git the reading of a tree for each paste.
"""

from collections.abc import Iterator

from gitsync.format import tree
from gitsync.repository import history
from gitsync.repository.history import Objects
from gitsync.repository.repository import Repository
from pastes.rules import keys

#: So many letters of a key say on which shelf it lies.
LETTERS = 2


def shelves(clone: Repository, tip: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the letters of every shelf and the id of each paste's folder there, by the paste's key, in their order."""
    if not tip:
        return
    with history.objects(clone) as objects:
        for first, below in objects.folders(f"{tip}^{{tree}}"):
            if len(first) > 1:
                continue
            for second, oid in objects.folders(below):
                if found := dict(_on_shelf(objects, f"{first}/{second}", oid)):
                    yield first + second, found


def pastes(clone: Repository, tip: str) -> Iterator[tuple[str, str]]:
    """Yield the key and the id of the folder of every paste whose name can be a key, from all shelves."""
    for _, shelf in shelves(clone, tip):
        yield from ((key, oid) for key, oid in shelf.items() if keys.can_be(key))


def _on_shelf(objects: Objects, path: str, oid: str) -> Iterator[tuple[str, str]]:
    thirds = objects.folders(oid)
    objects.prefetch(below for _, below in thirds)
    for third, below in thirds:
        for name, found in objects.folders(below):
            if tree.key_of(f"{path}/{third}/{name}/"):
                yield name, found
