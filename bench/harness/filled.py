"""Sites with many pastes, created once for each size: rows inserted in bulk, and a default remote with a commit each.

Only import this once the settings are loaded.
"""

import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, cast

from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import override_settings

from bench.harness.repository import ENVIRONMENT, ask
from bench.harness.texts import texts
from gitsync.format import tree
from gitsync.format.fast_import import NEXT_REF, Commit, stream
from gitsync.models import Change, Kind, Mirror
from gitsync.remote.local_remote import LocalRemote
from pastes.models import File, Paste, Revision, blob_oid
from pastes.rules import keys

BRANCH = "main"
_TEXT_BYTES = 200
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_AT_ONCE = 5_000
#: The resulting packs have about as many objects as those that Pasteur merges.
_PACK_BYTES = 20 * 1024 * 1024
#: Pasteur sets the same variable for Git.
IMPORT_ENVIRONMENT = {**ENVIRONMENT, "MALLOC_TRIM_THRESHOLD_": "67108864"}

Row = tuple[Paste, Revision, File]


@dataclass(frozen=True)
class Site:
    """A data folder with `size` pastes in the database and in the default remote."""

    folder: Path
    size: int

    @property
    def database(self) -> Path:
        """The database file."""
        return self.folder / "pasteur.sqlite3"

    @property
    def mirror(self) -> Path:
        """The default remote."""
        return self.folder / "mirror.git"

    @property
    def clone(self) -> Path:
        """The worker's clone."""
        return self.folder / "clone.git"

    @property
    def environment(self) -> dict[str, str]:
        """The environment for running commands on this site."""
        where = {"PASTEUR_DATA_DIR": str(self.folder), "DATABASE_URL": f"sqlite:///{self.database}"}
        return {"PATH": ENVIRONMENT["PATH"], "HOME": str(self.folder), **where}

    def tip(self) -> str:
        """Return the tip of the branch."""
        return ask(self.mirror, "rev-parse", BRANCH)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Make Pasteur in this process use this site."""
        connection.close()
        before = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = str(self.database)
        try:
            with override_settings(
                GITSYNC_REMOTE=str(self.mirror), GITSYNC_IS_DEFAULT_REMOTE=True, GITSYNC_CLONE_DIR=self.clone
            ):
                yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before

    def copy(self, folder: Path) -> "Site":
        """Return a copy that may be modified. Packs are shared, since Git replaces them instead of modifying them."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        copied = Site(folder, self.size)
        subprocess.run(["cp", "-a", "--reflink=auto", str(self.database), str(folder)], check=True)
        subprocess.run(["cp", "-al", str(self.mirror), str(folder)], check=True)
        with copied.used():
            Mirror.objects.update(remote=str(copied.mirror))
        return copied


def site(folder: Path, size: int) -> Site:
    """Return the site of the given size, creating it unless it exists from an earlier run."""
    filled = Site(folder / str(size), size)
    is_whole = (filled.folder / "whole").exists()
    if not is_whole:
        shutil.rmtree(filled.folder, ignore_errors=True)
        filled.folder.mkdir(parents=True, mode=0o700)
    with filled.used():
        call_command("migrate", verbosity=0)
        if not is_whole:
            _make(filled)
        with sqlite3.connect(filled.database) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (filled.folder / "whole").touch()
    shutil.rmtree(filled.clone, ignore_errors=True)
    return filled


def history(size: int) -> Iterator[bytes]:
    """Yield the fast-import stream for a branch with one commit per paste."""
    for row in islice(rows(), size):
        yield from commit_stream(row)


def rows() -> Iterator[Row]:
    """Yield pastes with one file each, which are the same every time."""
    drawn = random.Random(1)
    for number, text in enumerate(texts(_TEXT_BYTES), start=1):
        key = "".join(drawn.choices(keys.ALPHABET, k=10))
        at = _BEGIN + timedelta(seconds=number)
        paste = Paste(pk=number, key=key, title=f"paste {number}", author="A benchmark", created_at=at)
        revision = Revision(pk=number, paste=paste, number=1, created_at=at)
        file = File(pk=number, revision=revision, position=0, name="paste.py", language="python")
        file.content, file.size_bytes, file.oid = text.decode(), len(text), blob_oid(text)
        yield paste, revision, file


def commit_stream(row: Row) -> Iterable[bytes]:
    """Return the commit of a paste as a fast-import stream."""
    paste, revision, file = row
    number = paste.pk
    entries = tuple(tree.entries(paste, revision, [file], with_content=True))
    change, folder = f"{paste.key}.1", tree.folder(paste.key)
    commit = Commit(change, Kind.PUBLISH, paste.key, folder, paste.author, paste.title, paste.created_at, entries)
    parent = f":{number - 1}" if number > 1 else ""
    return stream(commit, mark=number, parent=parent, committed_at=int(paste.created_at.timestamp()))


def fast_import(repository: Path, stdin: int | IO[bytes], *options: str) -> "subprocess.Popen[bytes]":
    """Start `git fast-import` on a stream that ends with `done`."""
    command = ["git", f"--git-dir={repository}", "fast-import", "--quiet", "--force", "--done", "--date-format=raw"]
    return subprocess.Popen([*command, *options], stdin=stdin, env=IMPORT_ENVIRONMENT)


@contextmanager
def _importing(repository: Path, marks: Path) -> Iterator[IO[bytes]]:
    """Yield the standard input of `git fast-import`, which has processed everything when the block ends."""
    options = (f"--export-marks={marks}", f"--max-pack-size={_PACK_BYTES}")
    with fast_import(repository, subprocess.PIPE, *options) as process:
        stdin = cast("IO[bytes]", process.stdin)
        yield stdin
        stdin.write(b"done\n")
        stdin.close()
        if process.wait():
            raise AssertionError("git fast-import failed")


def _make(site: Site) -> None:
    LocalRemote(site.mirror).create(BRANCH)
    marks = site.folder / "marks"
    with _importing(site.mirror, marks) as stdin, transaction.atomic():
        remaining = islice(rows(), site.size)
        while batch := list(islice(remaining, _AT_ONCE)):
            Paste.objects.bulk_create(paste for paste, _, _ in batch)
            Revision.objects.bulk_create(revision for _, revision, _ in batch)
            File.objects.bulk_create(file for _, _, file in batch)
            for row in batch:
                stdin.writelines(commit_stream(row))
    ask(site.mirror, "update-ref", f"refs/heads/{BRANCH}", NEXT_REF)
    ask(site.mirror, "update-ref", "-d", NEXT_REF)
    _settle(marks)
    marks.unlink()
    Mirror.objects.create(remote=str(site.mirror), branch=BRANCH, tip=site.tip())


def _settle(marks: Path) -> None:
    """Insert a settled change with its commit for each paste."""
    commits: dict[int, str] = {}
    with marks.open(encoding="ascii") as file:
        for line in file:
            mark, commit = line.split()
            commits[int(mark[1:])] = commit
    with transaction.atomic():
        pastes = Paste.objects.order_by("pk").values_list("pk", "key", "created_at").iterator(chunk_size=_AT_ONCE)
        while batch := list(islice(pastes, _AT_ONCE)):
            Change.objects.bulk_create(
                Change(
                    key=key,
                    number=1,
                    kind=Kind.PUBLISH,
                    revision=1,
                    created_at=at,
                    settled_at=at,
                    commit=commits[number],
                )
                for number, key, at in batch
            )
