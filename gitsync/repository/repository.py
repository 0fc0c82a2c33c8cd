"""A bare repository and Git commands that work on it, such as the worker's clone: a cache, recreated if it is broken.

The clone has one writer at a time, through gitsync.repository.access. The web process never uses it.
"""

from __future__ import annotations

import re
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
    check_group,
    clean_environment,
    end,
    feed,
    local_error,
    stop_requested,
    wait_for_end,
)

TIP_REF = "refs/pasteur/tip"
_SECONDS_AFTER_STOP = 3.0
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
#: Git caches delta bases; with the default limit, every process needs 96 MB more memory.
_LIMITS = ("-c", "core.deltaBaseCacheLimit=16m")
_FATAL = 128
_MISSING_OBJECT = re.compile(r"^fatal: Not a valid (object|commit) name ", re.MULTILINE)
_LEFTOVERS = (
    *("*.lock", "refs/**/*.lock", "objects/info/**/*.lock", "objects/pack/*.lock"),
    *("objects/pack/tmp_*", "objects/pack/.tmp-*", "objects/??/tmp_obj_*", "fast_import_crash_*"),
)


@dataclass
class Written:
    """The result of `Repository.write`: the commit ids, keyed by the name of the change, and the newest of them."""

    tip: str
    commits: dict[str, str] = field(default_factory=dict)


class Repository:
    """A bare repository at `path`. Every method raises CloneBrokenError or DiskFullError if it fails."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Repository:
        """Return the repository at `path`. Create it if it is missing, and remove leftovers of killed processes."""
        clone = cls(path)
        if not (path / "config").is_file() or not (path / "objects").is_dir() or not (path / "refs").is_dir():
            clone.recreate()
        clone.sweep()
        return clone

    def borrow(self, objects: Path | None) -> None:
        """Share the objects of another repository, or none if `objects` is None.

        If the clone previously shared other objects, it is recreated, because its own objects may refer to them.
        """
        file = self.path / "objects" / "info" / "alternates"
        alternates = f"{objects}\n" if objects else ""
        if (file.read_text(encoding="utf-8") if file.exists() else "") == alternates:
            return
        self.recreate()
        if alternates:
            file.write_text(alternates, encoding="utf-8")

    def discard(self) -> None:
        """Delete whatever is at the path; the next `open` recreates the repository."""
        if self.path.is_file() or self.path.is_symlink():
            self.path.unlink()
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def recreate(self) -> None:
        """Replace the repository with an empty one."""
        self.discard()
        self._make()

    def sweep(self, *, older_than: float = 0.0) -> None:
        """Remove leftovers of killed processes that are more than `older_than` seconds old.

        Under the writer's lock, they can't belong to a running process. Otherwise, running processes finish in seconds.
        """
        now = time()
        for pattern in _LEFTOVERS:
            for leftover in self.path.glob(pattern):
                with suppress(FileNotFoundError):  # Its owner was still running, and has removed it.
                    # If its time is in the future, the clock has been set back since.
                    if not older_than or abs(now - leftover.stat().st_mtime) > older_than:
                        leftover.unlink()

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
        seconds: float = LOCAL_SECONDS,
    ) -> Finished:
        """Run a Git command with additional environment variables and configuration; return its status and output.

        After `seconds`, or shortly after this process is asked to stop, kill the whole process group and raise
        RemoteTimeoutError. Raise RemoteUnsupportedError if the remote makes Git start too many processes.
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
                    watchdog.beat()
                    check_group(process)
                if stop_requested.is_set():
                    deadline = min(deadline, monotonic() + _SECONDS_AFTER_STOP)
                if monotonic() > deadline:
                    raise RemoteTimeoutError(f"git {arguments[0]} was killed after {seconds:.0f} seconds")
        finally:
            end(process)

    def run_with_progress(
        self, *arguments: str, environment: Mapping[str, str] | None, seconds: float, silence: float
    ) -> Finished:
        """Run a Git command like `run`, but also kill it after `silence` seconds without a progress message."""
        process = self._start(arguments, environment)
        reader, deadline = OutputReader(process), monotonic() + seconds
        feed(process, b"")
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return reader.finished(process.wait(timeout=0.5))
                watchdog.beat()
                check_group(process)
                if stop_requested.is_set():
                    deadline = min(deadline, monotonic() + _SECONDS_AFTER_STOP)
                if monotonic() > reader.read_at + silence:
                    raise RemoteTimeoutError(
                        f"git {arguments[0]} was killed after {silence:.0f} seconds without progress"
                    )
                if monotonic() > deadline:
                    raise RemoteTimeoutError(f"git {arguments[0]} was killed after {seconds:.0f} seconds")
        finally:
            end(process)

    def ask(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run a command without network access, and return its output. Raise CloneBrokenError if it fails."""
        finished = self.run(*arguments, stdin=stdin)
        if finished.status:
            raise local_error(arguments[0], finished)
        return finished.stdout

    @contextmanager
    def reading(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command and yield its process, which is killed at the end of the block if it is still running."""
        process = self._start(arguments)
        try:
            yield process
        finally:
            end(process)

    def has(self, oid: str, kind: str = "commit") -> bool:
        """Return whether the repository has this object and it is of this kind."""
        return self._test("cat-file", "-e", f"{oid}^{{{kind}}}")

    def resolve(self, ref: str) -> str:
        """Return the object id for a ref or `commit:path`, or an empty string if it does not exist."""
        finished = self.run("rev-parse", "--verify", "--quiet", ref)
        is_missing = finished.status == 1 and not finished.stderr.strip()  # It warns about an unreadable ref.
        if finished.status and not is_missing:
            raise local_error("rev-parse", finished)
        return finished.stdout.decode().strip()

    def is_ancestor(self, old: str, new: str) -> bool:
        """Return whether the history of `new` contains `old`; also return False if `old` is missing."""
        return self._test("merge-base", "--is-ancestor", old, new)

    def have_common_ancestor(self, one: str, other: str) -> bool:
        """Return whether two histories share a commit; also return False if either is missing."""
        return self._test("merge-base", one, other)

    def commit_time(self, oid: str) -> int:
        """Return the committer date of a commit in seconds, or 0 if it is malformed."""
        return int(self.ask("log", "-1", "--no-show-signature", "--format=%ct", oid).strip() or 0)

    def history(self, tip: str) -> ObjectIds:
        """Return every commit reachable from `tip`."""
        with self.reading("rev-list", tip) as process:
            commits = ObjectIds(cast("IO[bytes]", process.stdout))
            if process.wait():
                raise CloneBrokenError(f"git rev-list ended with status {process.returncode}")
        return commits

    def tree_oids(self, tip: str, folders: Iterable[str]) -> dict[str, str]:
        """Return the tree id of each folder at `tip`, or an empty string for a missing folder."""
        paths = list(folders)
        if not tip:
            return dict.fromkeys(paths, "")
        listing = "".join(f"{tip}:{path}\n" for path in ("", *paths)).encode()
        output = self.ask("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=listing)
        root, *lines = output.decode().splitlines()
        if not root.endswith(" tree"):
            raise CloneBrokenError(f"the tree of {tip} is missing")  # Otherwise all folders would seem to be missing.
        oids = (line.removesuffix(" tree") if line.endswith(" tree") else "" for line in lines)
        return dict(zip(paths, oids, strict=True))

    def write(self, parent: str, commits: Iterable[Commit], progress: Callable[[], None] = lambda: None) -> Written:
        """Stream commits into `git fast-import` on top of `parent` (empty for a new branch), and return their ids.

        Refs change only once all commits are complete: if this is killed, the next run sees none of them.
        """
        marks = self.path / "pasteur-marks"
        marks.unlink(missing_ok=True)
        committed_at = min(self.commit_time(parent), int(time())) if parent else 0  # Other clocks may be wrong.
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
                previous = f":{len(names) - 1}" if len(names) > 1 else parent
                stdin.writelines(stream(commit, mark=len(names), parent=previous, committed_at=committed_at))
                progress()
                watchdog.beat()
                if stop_requested.is_set():
                    raise RemoteTimeoutError("the worker was asked to stop")
            stdin.write(b"done\n")
            stdin.flush()
        except BrokenPipeError:
            pass  # fast-import failed; its error message gives the reason.
        finally:
            timer.cancel()
            stderr = wait_for_end(process)
        if process.returncode or not marks.is_file():
            raise local_error("fast-import", Finished(process.returncode, b"", stderr))
        if not names:
            return Written(parent)
        oids = dict(line.split() for line in marks.read_text(encoding="ascii").splitlines())
        written = {name: oids[f":{mark}"] for mark, name in enumerate(names, start=1)}
        return Written(written[names[-1]], written)

    def _test(self, *arguments: str) -> bool:
        """Run a command whose exit status is the result: 1, or 128 for a missing object, means False.

        Any other status, such as after a signal, is an error.
        """
        finished = self.run(*arguments)
        is_missing = finished.status == _FATAL and _MISSING_OBJECT.search(finished.stderr)
        if finished.status not in {0, 1} and not is_missing:
            raise local_error(arguments[0], finished)
        return finished.status == 0

    def _start(
        self,
        arguments: Iterable[str],
        environment: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start Git in a new process group, and in the parent folder because the repository itself may disappear."""
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
        launched.proc = None  # Otherwise GitPython would also terminate it; `end` does that.
        return process

    def _make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.ask("init", "--bare", "--quiet", "--template=", "--initial-branch=unused", str(self.path))
        (self.path / "config").write_text(_CONFIG, encoding="ascii")
