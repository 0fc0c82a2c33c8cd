"""Exit statuses of Git: only known ones are accepted as results, and never that of a killed command."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitsync.errors import CloneBrokenError, RemoteUnreachableError
from gitsync.remote.local_remote import LocalRemote
from gitsync.repository import history
from gitsync.repository.repository import TIP_REF, Repository
from tests import repository

FailGit = Callable[[str, str], None]
_GIT = shutil.which("git")
ENDS = ["kill -9 $$", "kill -TERM $$", "exit 137", "exit 128", "exit 129", "echo fatal: out of memory >&2; exit 128"]
READERS: dict[str, tuple[str, Callable[[Repository, str], Any]]] = {
    "has": ("cat-file", Repository.has),
    "resolve": ("rev-parse", lambda clone, _: clone.resolve(TIP_REF)),
    "is_ancestor": ("merge-base", lambda clone, tip: clone.is_ancestor(tip, tip)),
    "commit_time": ("log", Repository.commit_time),
    "history": ("rev-list", Repository.history),
    "tree_oids": ("cat-file", lambda clone, tip: clone.tree_oids(tip, ["folder"])),
    "paths": ("log", lambda clone, tip: list(history.paths(clone, tip))),
    "chunks": ("rev-list", lambda clone, tip: history.chunks(clone, tip, 1)),
    "changes": ("log", lambda clone, tip: list(history.changes(clone, tip))),
    "purged": ("log", history.purged),
    "differences": ("diff-tree", lambda clone, tip: list(history.differences(clone, tip, tip))),
    "commit": ("log", history.commit),
}


@pytest.fixture
def clone(tmp_path: Path) -> Repository:
    """Return a repository with one commit at TIP_REF and main."""
    clone = Repository.open(tmp_path / "clone.git")
    tree = clone.ask("hash-object", "-t", "tree", "-w", "--stdin").decode().strip()
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    tip = repository.git(clone.path, *identity, "commit-tree", tree, "-m", "one").decode().strip()
    for ref in (TIP_REF, "refs/heads/main"):
        clone.ask("update-ref", ref, tip)
    return clone


@pytest.fixture
def fail_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FailGit:
    """Return a function that makes one Git command exit in this way from now on."""
    file = tmp_path / "bin" / "git"

    def fail(command: str, end: str) -> None:
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'#!/bin/sh\ncase " $* " in *" {command} "*) {end};; esac\nexec {_GIT} "$@"\n')
        file.chmod(0o755)
        monkeypatch.setenv("PATH", f"{file.parent}{os.pathsep}{os.environ['PATH']}")

    return fail


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("reader", READERS)
def test_no_reader_mistakes_a_failed_command_for_a_result(
    clone: Repository, fail_git: FailGit, reader: str, end: str
) -> None:
    command, read = READERS[reader]
    tip = clone.resolve(TIP_REF)
    fail_git(command, end)

    with pytest.raises(CloneBrokenError):
        read(clone, tip)


def test_missing_objects_are_a_valid_result(clone: Repository) -> None:
    tip, missing = clone.resolve(TIP_REF), "1" * 40

    assert clone.has(tip)
    assert not clone.has(missing)
    assert clone.is_ancestor(tip, tip)
    assert not clone.is_ancestor(missing, tip)
    assert clone.resolve("refs/heads/other") == ""
    assert clone.resolve(f"{tip}:no/such/file") == ""
    assert clone.tree_oids(tip, ["folder"]) == {"folder": ""}
    with pytest.raises(CloneBrokenError):
        clone.tree_oids(missing, ["folder"])


@pytest.mark.parametrize("content", ["", "no commit\n"])
def test_an_unreadable_ref_is_not_a_missing_one(clone: Repository, content: str) -> None:
    (clone.path / "refs/heads/main").write_text(content)

    with pytest.raises(CloneBrokenError):
        clone.resolve("refs/heads/main")
    with pytest.raises(RemoteUnreachableError):
        LocalRemote(clone.path).tip("refs/heads/main")


@pytest.mark.parametrize("end", ENDS[:3])
def test_the_default_remote_is_unreachable_while_git_is_killed(
    clone: Repository, fail_git: FailGit, tmp_path: Path, end: str
) -> None:
    remote, tip = LocalRemote(clone.path), clone.resolve(TIP_REF)
    fail_git("rev-parse", end)
    with pytest.raises(RemoteUnreachableError):
        remote.tip("refs/heads/main")
    fail_git("update-ref", end)
    with pytest.raises(RemoteUnreachableError):
        remote.receive(Repository.open(tmp_path / "new.git"), "refs/heads/main", old=tip, new=tip)


def test_a_corrupt_commit_is_not_a_missing_one(clone: Repository) -> None:
    tip = clone.resolve(TIP_REF)
    file = clone.path / "objects" / tip[:2] / tip[2:]
    file.chmod(0o644)
    file.write_bytes(b"corrupt")

    with pytest.raises(CloneBrokenError):
        clone.has(tip)


def test_objects_that_end_prematurely_are_an_error(clone: Repository, fail_git: FailGit) -> None:
    tip = clone.resolve(TIP_REF)
    fail_git("cat-file", f"read x; printf '{tip} commit 100\\nhalf'; exit 0")

    with history.objects(clone) as objects, pytest.raises(CloneBrokenError):
        objects.blob(tip, 1_000)
