"""Mirrors with many pastes, and drains into them. Only import this once the settings are loaded."""

import random
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from time import perf_counter

import git
from django.db import transaction
from django.test.utils import override_settings
from django.utils import timezone

from bench.harness.clocks import clocks
from bench.harness.repository import ENVIRONMENT, ask
from bench.harness.texts import texts
from gitsync.format import tree
from gitsync.format.fast_import import NEXT_REF, Commit, stream
from gitsync.models import Change
from gitsync.outbox.loading import load
from gitsync.remote.local_remote import LocalRemote
from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste, Revision, blob_oid
from pastes.rules import keys

_BRANCH = "main"


@dataclass
class Run:
    """A number of commits, the seconds they took and, for a drain, the seconds of each step."""

    commits: int
    seconds: float
    steps: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Commits per second."""
        return self.commits / self.seconds


class Mirror:
    """The default remote of a data folder, with `size` pastes, the worker's clone, and a copy for Git alone."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        self.remote, self.clone, self.bare = folder / "mirror.git", folder / "clone.git", folder / "bare.git"
        self.settings = override_settings(
            GITSYNC_REMOTE=str(self.remote), GITSYNC_IS_DEFAULT_REMOTE=True, GITSYNC_CLONE_DIR=self.clone
        )

    def fill(self) -> float:
        """Create the mirror and drain for the first time. Return the seconds that this took.

        Nothing is imported, so that the database is unchanged.
        """
        LocalRemote(self.remote).create(_BRANCH)
        fast_import(self.remote, _history(self.size))
        ask(self.remote, "update-ref", f"refs/heads/{_BRANCH}", NEXT_REF)
        ask(self.remote, "update-ref", "-d", NEXT_REF)
        with override_settings(GITSYNC_READ_BACK=False):
            return self.drained().seconds

    def warm_up(self) -> None:
        """Drain a few pastes that are not measured, and copy the mirror with its settings for the bare fast-import."""
        publish(50, 1_000)
        self.drained()
        shutil.copytree(self.remote, self.bare)

    def measure(self, pastes: int, size: int, *, product_first: bool) -> tuple[Run, Run]:
        """Drain new pastes with Pasteur, and import the same stream with Git alone, in either order."""
        publish(pastes, size)
        content = b"".join(self._next_stream())
        if product_first:
            product = self.drained()
        alone = Run(pastes, fast_import(self.bare, [content]))
        if not product_first:
            product = self.drained()
        produced, pushed = ask(self.bare, "rev-parse", NEXT_REF), ask(self.remote, "rev-parse", _BRANCH)
        if produced != pushed:
            raise AssertionError(f"the same stream produced {produced} alone and {pushed} in the drain")
        return product, alone

    def drained(self) -> Run:
        """Drain the pending changes into this mirror."""
        with self.settings, clocks() as steps:
            done = drain()
        return Run(done.commits, done.seconds, steps)

    def _next_stream(self) -> Iterator[bytes]:
        """Yield the stream that the next drain will pass to fast-import."""
        parent = ask(self.remote, "rev-parse", _BRANCH)
        committed_at = int(ask(self.remote, "log", "-1", "--format=%ct", _BRANCH))
        for mark, loaded in enumerate(load(list(Change.objects.pending())), start=1):
            commit = loaded.commit()
            committed_at = max(committed_at, int(commit.written_at.timestamp()))
            on = f":{mark - 1}" if mark > 1 else parent
            yield from stream(commit, mark=mark, parent=on, committed_at=committed_at)


def publish(pastes: int, size: int) -> None:
    """Publish new pastes with one file each, in a single transaction because this is not measured."""
    start = Paste.objects.count()
    with transaction.atomic():
        for text in islice(texts(size), start, start + pastes):
            writing.publish(Draft([NewFile(text.decode(), "paste.py")], author="A benchmark"))


def fast_import(repository: Path, content: Iterable[bytes]) -> float:
    """Run `git fast-import` on a stream, and return how many seconds that took."""
    options = ["--quiet", "--force", "--done", "--date-format=raw", f"--export-marks={repository}/pasteur-marks"]
    started = perf_counter()
    command = ["git", f"--git-dir={repository}", "fast-import", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=ENVIRONMENT) as process:
        assert process.stdin is not None
        process.stdin.writelines(content)
        process.stdin.write(b"done\n")
        process.stdin.close()
        if process.wait():
            raise AssertionError("git fast-import failed")
    return perf_counter() - started


def gitpython_index(mirror: Mirror, commits: int) -> Run:
    """Create a few commits with GitPython's index, in a working tree of the mirror."""
    folder = mirror.folder / "worktree"
    subprocess.run(["git", "clone", "--quiet", str(mirror.remote), str(folder)], check=True, env=ENVIRONMENT)
    with git.Repo(folder) as repository:
        started = perf_counter()
        for commit in islice(all_commits(), mirror.size, mirror.size + commits):
            paths = [folder / commit.folder / entry.name for entry in commit.entries]
            paths[0].parent.mkdir(parents=True)
            for path, entry in zip(paths, commit.entries, strict=True):
                path.write_bytes(entry.content)
            repository.index.add([str(path) for path in paths])
            repository.index.commit(commit.title)
        return Run(commits, perf_counter() - started)


def _history(size: int) -> Iterator[bytes]:
    """Yield the stream for a branch with `size` pastes and one commit per paste."""
    for mark, commit in enumerate(islice(all_commits(), size), start=1):
        on = f":{mark - 1}" if mark > 1 else ""
        yield from stream(commit, mark=mark, parent=on, committed_at=int(commit.written_at.timestamp()))


def all_commits() -> Iterator[Commit]:
    """Yield commits of pastes that are not in any database. They are the same every time."""
    drawn = random.Random(1)
    written_at = timezone.now() - timedelta(days=1)
    for text in texts(200):
        key = "".join(drawn.choices(keys.ALPHABET, k=10))
        paste = Paste(key=key, author="A benchmark", created_at=written_at)
        revision = Revision(number=1, created_at=written_at)
        file = File(name="paste.py", language="python", content=text.decode(), oid=blob_oid(text))
        entries = tree.entries(paste, revision, [file], with_content=True)
        yield Commit(f"{key}.1", "publish", key, tree.folder(key), paste.author, key, written_at, tuple(entries))
