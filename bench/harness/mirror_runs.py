"""The measurements of `bench.mirror` for one site. Only import this once the settings are loaded."""

import os
import resource
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import IO, cast

from django.conf import settings
from django.test.utils import override_settings

from bench.harness import cpu, memory
from bench.harness.clocks import clocks
from bench.harness.filled import BRANCH, Site, fast_import, history, rows
from bench.harness.memory import Peak
from bench.harness.repository import ENVIRONMENT, ask
from gitsync.format import tree
from gitsync.models import Mirror
from gitsync.remote.local_remote import LocalRemote
from gitsync.sync.drain import drain
from tests import many
from tests.servers.pasteur import ROOT
from tests.servers.sshd import Sshd

_DRAINS_OF_ONE = 15


@dataclass
class Spent:
    """The seconds, the CPU seconds, the seconds that Git alone takes if it can do the same, and the memory."""

    seconds: float = 0.0
    cpu: float = 0.0
    floor: float = 0.0
    peak: Peak = field(default_factory=Peak)

    def __str__(self) -> str:
        baseline = f", {self.floor:.2f} s by Git alone" if self.floor else ""
        memory = f"{self.peak.own:.0f} MiB own ({self.peak.largest} {self.peak.largest_own:.0f})"
        return f"{self.seconds:.2f} s, {self.cpu:.2f} s of CPU{baseline}, {memory}, {self.peak.mapped:.0f} MiB mapped"


class Runs:
    """Measurements on copies of a site."""

    def __init__(self, site: Site, folder: Path) -> None:
        self._site, self._folder = site, folder

    def drain(self) -> dict[str, Spent]:
        """Drain one paste several times, then a thousand pastes, excluding the time for pushing."""
        with self._site.copy(self._folder).used():
            many.publish(1)
            drain()
            runs = [_drained(1) for _ in range(_DRAINS_OF_ONE)]
            typical = Spent(median(run.seconds for run in runs), median(run.cpu for run in runs), peak=runs[-1].peak)
            return {"drain of 1": typical, "drain of 1000": _drained(1_000)}

    def check(self) -> dict[str, Spent]:
        """Compare the mirror with the database."""
        return {"check": _command(self._site.copy(self._folder), "resync_git", "--check")}

    def empty(self) -> dict[str, Spent]:
        """Have a worker without a clone push one paste over SSH. The CPU time is that of both sides.

        The server supports Git's newest protocol, as forges do.
        """
        copy = self._site.copy(self._folder)
        with Sshd(newest_protocol=True) as sshd, copy.used(), _over_ssh(sshd, copy):
            Mirror.objects.update(remote=settings.GITSYNC_REMOTE)
            many.publish(1)
            assert sshd.process is not None
            server = sshd.process.pid
            with _spending(lambda: cpu.tree([os.getpid()]) - cpu.tree([server])) as spent:
                drain()
            spent.cpu += cpu.seconds([server])
            return {"empty worker": spent}

    def purge(self) -> dict[str, Spent]:
        """Purge the last paste, which is the usual case, and the first one, after which all commits are rewritten.

        As a baseline, Git alone exports the history without the folder of the first paste and imports it again,
        without searching for other copies, verification or pruning.
        """
        keys = (paste.key for paste, _, _ in islice(rows(), self._site.size))
        first, (last,) = next(keys), deque(keys, maxlen=1)
        oldest, newest = self._purged(first), self._purged(last)
        oldest.floor = _rewritten(self._site.copy(self._folder).mirror, first)
        return {"purge of the last": newest, "purge of the first": oldest}

    def restore(self) -> dict[str, Spent]:
        """Restore an empty database from an SSH server that supports Git's newest protocol."""
        copy = self._site.copy(self._folder)
        copy.database.unlink()
        _command(copy, "migrate", "--verbosity", "0")
        with Sshd(newest_protocol=True) as sshd:
            return {"restore": _command(copy, "restore_from_git", **_reaching(sshd, copy))}

    def resync(self) -> dict[str, Spent]:
        """Fill an empty remote, compared to Git alone importing the same stream from a file."""
        copy = self._site.copy(self._folder)
        tip = copy.tip()
        shutil.rmtree(copy.mirror)
        LocalRemote(copy.mirror).create(BRANCH)
        spent = _command(copy, "resync_git")
        if copy.tip() != tip:
            raise AssertionError(f"the resync produced {copy.tip()} instead of {tip}")
        spent.floor = self._imported()
        return {"resync": spent}

    def _purged(self, key: str) -> Spent:
        return _command(self._site.copy(self._folder), "purge", key, "--reason", "a benchmark")

    def _imported(self) -> float:
        stream, repository = self._folder / "stream", self._folder / "bare.git"
        with stream.open("wb") as written:
            written.writelines(history(self._site.size))
            written.write(b"done\n")
        LocalRemote(repository).create(BRANCH)
        started = perf_counter()
        with stream.open("rb") as file, fast_import(repository, file.fileno()) as process:
            if process.wait():
                raise AssertionError("git fast-import failed")
        return perf_counter() - started


def _rewritten(repository: Path, key: str) -> float:
    options = ("--no-data", "--show-original-ids", "--use-done-feature", BRANCH, "--", f":(exclude){tree.folder(key)}")
    command = ["git", f"--git-dir={repository}", "fast-export", *options]
    started = perf_counter()
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT) as out,
        fast_import(repository, cast("IO[bytes]", out.stdout)) as into,
    ):
        if out.wait() or into.wait():
            raise AssertionError("git could not rewrite the history")
    seconds = perf_counter() - started
    if ask(repository, "rev-list", BRANCH, "--", tree.folder(key)):
        raise AssertionError("the rewritten history still contains the excluded folder")
    return seconds


def _drained(pastes: int) -> Spent:
    many.publish(pastes)
    with _spending(memory.below(os.getpid())) as spent, clocks() as steps:
        drain()
    spent.seconds -= steps["push"]
    return spent


@contextmanager
def _over_ssh(sshd: Sshd, site: Site) -> Iterator[None]:
    """Make the mirror of a site a configured remote on an SSH server."""
    reaching = {name: Path(value) if name.endswith("_FILE") else value for name, value in _reaching(sshd, site).items()}
    with override_settings(GITSYNC_IS_DEFAULT_REMOTE=False, GITSYNC_PUSH_INTERVAL=0.0, **reaching):
        yield


def _reaching(sshd: Sshd, site: Site) -> dict[str, str]:
    """Return the settings that make the mirror of a site a remote on an SSH server."""
    return {
        "GITSYNC_REMOTE": sshd.url.replace(str(sshd.repository), str(site.mirror)),
        "GITSYNC_SSH_KEY_FILE": str(sshd.key_file),
        "GITSYNC_SSH_KNOWN_HOSTS_FILE": str(sshd.known_hosts_file),
    }


def _command(site: Site, *arguments: str, **environment: str) -> Spent:
    """Run a `manage.py` command on a site. It must succeed."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    started, before = perf_counter(), _children_cpu()
    with (
        subprocess.Popen(
            command, env=site.environment | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process,
        memory.watched(memory.below(process.pid)) as peak,
    ):
        output, _ = process.communicate()
    if process.returncode:
        raise AssertionError(f"{' '.join(arguments)} exited with {process.returncode}: {output.decode()[-2000:]}")
    return Spent(perf_counter() - started, _children_cpu() - before, peak=peak)


@contextmanager
def _spending(pids: Callable[[], set[int]]) -> Iterator[Spent]:
    """Measure this process and its children during the block, except for those that `pids` leaves out."""
    spent = Spent()
    times = os.times()
    before, started = times.user + times.system + _children_cpu(), perf_counter()
    with memory.watched(pids) as spent.peak:
        yield spent
    spent.seconds += perf_counter() - started
    times = os.times()
    spent.cpu = times.user + times.system + _children_cpu() - before


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
