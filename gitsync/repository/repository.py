"""The local clone that the worker writes to: a cache, made again whenever something is wrong with it.

One writer at a time, through gitsync.repository.access, and never the web process. Nothing is ever checked out of it.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import IO, cast

import git

from gitsync import watchdog
from gitsync.errors import CloneBrokenError, MisconfiguredError, RemoteTimeoutError
from gitsync.format.fast_import import Commit, stream
from gitsync.repository.object_ids import ObjectIds
from gitsync.repository.process import (
    LOCAL_SECONDS,
    Finished,
    OutputReader,
    clean_environment,
    end,
    feed,
    local_error,
    stop_requested,
    wait_for_end,
)

TIP_REF = "refs/pasteur/tip"
_PATIENCE_AFTER_STOP = 3.0
_CONFIG = """\
[core]
	repositoryformatversion = 0
	bare = true
	fsync = all
	hooksPath = /dev/null
	autocrlf = false
	logAllRefUpdates = false
[gc]
	auto = 0
[maintenance]
	auto = false
[pack]
	window = 0
[fastimport]
	unpackLimit = 0
[transfer]
	unpackLimit = 1
"""
#: Git keeps texts and trees that others are told as differences to; its own bound makes every process 96 MB larger.
_LIMITS = ("-c", "core.deltaBaseCacheLimit=16m")
_LEAVINGS = (
    *("*.lock", "refs/**/*.lock", "objects/info/**/*.lock", "objects/pack/*.lock"),
    *("objects/pack/tmp_*", "objects/pack/.tmp-*", "objects/??/tmp_obj_*", "fast_import_crash_*"),
)


@dataclass
class Written:
    """What fast-import has made of a run of commits: the id of each by the name of its change, and the last one."""

    tip: str
    commits: dict[str, str] = field(default_factory=dict)


class Repository:
    """A bare repository at `path`. Every method raises CloneBrokenError or DiskFullError when it fails."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Repository:
        """Return the clone at `path`, made when it is missing, without the leavings of a process that was killed."""
        clone = cls(path)
        if not (path / "config").is_file() or not (path / "objects").is_dir() or not (path / "refs").is_dir():
            clone.recreate()
        clone.sweep()
        return clone

    def borrow(self, objects: Path | None) -> None:
        """Read the objects of another repository as if they were here; with None, of no other.

        A clone that has borrowed from elsewhere until now is made again: what it has may be worth nothing without.
        """
        file = self.path / "objects" / "info" / "alternates"
        wanted = f"{objects}\n" if objects else ""
        if (file.read_text(encoding="utf-8") if file.exists() else "") == wanted:
            return
        self.recreate()
        if wanted:
            file.write_text(wanted, encoding="utf-8")

    def discard(self) -> None:
        """Delete whatever is at the clone's path; the next `open` makes it again."""
        if self.path.is_file() or self.path.is_symlink():
            self.path.unlink()
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def recreate(self) -> None:
        """Replace the clone by an empty one."""
        self.discard()
        self._make()

    def sweep(self, *, older_than: float = 0.0) -> None:
        """Remove what a killed process left behind at least so many seconds ago.

        Under the writer's lock no living process owns any of it in the clone; elsewhere, those that do are quick.
        """
        latest = time() - older_than
        for pattern in _LEAVINGS:
            for leaving in self.path.glob(pattern):
                with suppress(FileNotFoundError):  # Its owner lives, and was faster.
                    if not older_than or leaving.stat().st_mtime < latest:
                        leaving.unlink()

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
        seconds: float = LOCAL_SECONDS,
    ) -> Finished:
        """Run one Git command, with more environment and configuration; return its status and output.

        Its whole process group is killed, and RemoteTimeoutError raised, after `seconds`, or soon after this process
        was asked to stop.
        """
        process = self._start(arguments, environment, config)
        deadline = monotonic() + seconds
        feed(process, stdin)
        try:
            while True:
                try:
                    out, err = process.communicate(timeout=0.5)
                    return Finished(process.returncode, out, err.decode(errors="replace"))
                except subprocess.TimeoutExpired:
                    watchdog.beat()  # Not yet, and there is a limit to it.
                if stop_requested.is_set():
                    deadline = min(deadline, monotonic() + _PATIENCE_AFTER_STOP)
                if monotonic() > deadline:
                    raise RemoteTimeoutError(f"git {arguments[0]} was given up after {seconds:.0f} seconds")
        finally:
            end(process)

    def run_with_progress(
        self, *arguments: str, environment: Mapping[str, str] | None, seconds: float, silence: float
    ) -> Finished:
        """Run one Git command as `run` does; kill it also after `silence` seconds without a progress message."""
        process = self._start(arguments, environment)
        reader, deadline = OutputReader(process), monotonic() + seconds
        feed(process, b"")
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return reader.finished(process.wait(timeout=0.5))
                watchdog.beat()  # Not yet, and there are limits to it.
                if stop_requested.is_set():
                    deadline = min(deadline, monotonic() + _PATIENCE_AFTER_STOP)
                if monotonic() > reader.read_at + silence:
                    raise RemoteTimeoutError(f"git {arguments[0]} was given up after {silence:.0f} seconds of silence")
                if monotonic() > deadline:
                    raise RemoteTimeoutError(f"git {arguments[0]} was given up after {seconds:.0f} seconds")
        finally:
            end(process)

    def ask(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run a local command that has to succeed and return its output."""
        finished = self.run(*arguments, stdin=stdin)
        if finished.status:
            raise local_error(arguments[0], finished.stderr)
        return finished.stdout

    @contextmanager
    def reading(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command that is talked to as it goes; it ends with the block, at the latest."""
        process = self._start(arguments)
        try:
            yield process
        finally:
            end(process)

    def has(self, oid: str) -> bool:
        """Whether this commit is in the clone."""
        return self.run("cat-file", "-e", f"{oid}^{{commit}}").status == 0

    def resolve(self, ref: str) -> str:
        """Return the commit that a ref points at, or the empty string."""
        return self.run("rev-parse", "--verify", "--quiet", ref).stdout.decode().strip()

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether the history of `new` contains `old`; false also when `old` is not in the clone."""
        return self.run("merge-base", "--is-ancestor", old, new).status == 0

    def commit_time(self, oid: str) -> int:
        """Return when a commit was committed, in seconds."""
        return int(self.ask("log", "-1", "--format=%ct", oid))

    def history(self, tip: str) -> ObjectIds:
        """Return every commit reachable from `tip`."""
        with self.reading("rev-list", tip) as process:
            found = ObjectIds(cast("IO[bytes]", process.stdout))
            if process.wait():
                raise CloneBrokenError(f"git rev-list ended with status {process.returncode}")
        return found

    def tree_oids(self, tip: str, folders: Iterable[str]) -> dict[str, str]:
        """Return the id of the tree that each folder has at `tip`; the empty string for one that is not there."""
        wanted = list(folders)
        if not tip:
            return dict.fromkeys(wanted, "")
        question = "".join(f"{tip}:{folder}\n" for folder in wanted).encode()
        answers = self.ask("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=question).decode()
        oids = (line.removesuffix(" tree") if line.endswith(" tree") else "" for line in answers.splitlines())
        return dict(zip(wanted, oids, strict=True))

    def write(self, parent: str, commits: Iterable[Commit], progress: Callable[[], None] = lambda: None) -> Written:
        """Stream commits into `git fast-import` on top of `parent` (empty: a new branch), and return their ids.

        Refs are touched only when all of them are complete; a killed run leaves nothing that the next one sees.
        """
        marks = self.path / "pasteur-marks"
        marks.unlink(missing_ok=True)
        committed_at = min(self.commit_time(parent), int(time())) if parent else 0  # Others may have a wrong clock.
        names: list[str] = []
        arguments = ("fast-import", "--quiet", "--force", "--done", "--date-format=raw", f"--export-marks={marks}")
        process = self._start(arguments)
        timer = threading.Timer(LOCAL_SECONDS, end, [process])
        timer.start()
        try:
            stdin = cast("IO[bytes]", process.stdin)
            for commit in commits:
                committed_at = max(committed_at, int(commit.written_at.timestamp()))
                names.append(commit.change)
                on = f":{len(names) - 1}" if len(names) > 1 else parent
                stdin.writelines(stream(commit, mark=len(names), parent=on, committed_at=committed_at))
                progress()
                watchdog.beat()
                if stop_requested.is_set():
                    raise RemoteTimeoutError("the worker was asked to stop")
            stdin.write(b"done\n")
            stdin.flush()
        except BrokenPipeError:
            pass  # fast-import has ended already; its own words say why.
        finally:
            timer.cancel()
            complaints = wait_for_end(process)
        if process.returncode or not marks.is_file():
            raise local_error("fast-import", complaints)
        if not names:
            return Written(parent)
        oids = dict(line.split() for line in marks.read_text(encoding="ascii").splitlines())
        made = {name: oids[f":{mark}"] for mark, name in enumerate(names, start=1)}
        return Written(made[names[-1]], made)

    def _start(
        self,
        arguments: Iterable[str],
        environment: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start Git in a group of its own, to be ended with what it starts, and beside the clone, which may vanish."""
        options = [word for name, value in (config or {}).items() for word in ("-c", f"{name}={value}")]
        try:
            launched = git.Git(self.path.parent).execute(
                ["git", *_LIMITS, *options, f"--git-dir={self.path}", *arguments],
                istream=subprocess.PIPE,
                as_process=True,
                env=clean_environment() | dict(environment or {}),
                start_new_session=True,
            )
        except git.GitCommandNotFound as error:
            raise MisconfiguredError(f"git cannot be started: {error}") from None
        process = cast("subprocess.Popen[bytes]", launched.proc)
        launched.proc = None  # From here on, `end` is who ends it.
        return process

    def _make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.ask("init", "--bare", "--quiet", "--template=", "--initial-branch=unused", str(self.path))
        (self.path / "config").write_text(_CONFIG, encoding="ascii")
