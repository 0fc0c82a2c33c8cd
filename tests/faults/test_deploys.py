"""The site is stopped in the middle of a drain, or loses power."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3

from bench.harness import memory
from tests import repository
from tests.faults.test_killed import fast_imports
from tests.servers.pasteur import Pasteur
from tests.servers.process import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.server, pytest.mark.alone]

_PUBLISH = "from tests import many; [many.publish(500) for _ in range({count} // 500)]"


def locks(folder: Path) -> list[Path]:
    """Return the locks that Git has left behind in the clone and in the default remote."""
    return [*folder.glob("clone.git/**/*.lock"), *folder.glob("mirror.git/**/*.lock")]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("stops", "pastes"), [(1, 2_000), pytest.param(20, 20_000, marks=pytest.mark.slow_fault)], ids=["some", "all"]
)
def test_a_stop_during_a_drain_loses_no_paste(stops: int, pastes: int) -> None:
    site = Pasteur()
    try:
        site.manage("migrate")
        site.manage("shell", "-c", _PUBLISH.format(count=pastes))
        for _ in range(stops):
            site.start()
            clone = site.data / "clone.git"
            wait_until(lambda: fast_imports(clone) or site.oldest_pending() == 0, "a drain runs")  # noqa: B023
            time.sleep(random.uniform(0, 0.3))
            started = time.monotonic()
            assert site.process is not None
            site.process.terminate()
            assert site.process.wait(timeout=20) == 0
            assert time.monotonic() - started <= 10
            assert locks(site.data) == []
        site.start()
        site.wait_until_nothing_is_pending()

        found = repository.changes(site.mirror)
        assert len(found) == len(set(found)) == pastes
        assert site.manage("resync_git", "--check").returncode == 0
        repository.assert_sound(site.mirror)
    finally:
        site.stop()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator["Disk"]:
    """Return a separate disk."""
    with Disk(tmp_path) as disk:
        yield disk


class Disk:
    """A file system in a file, whose content at any moment is what a power failure at that moment would leave."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._image = folder / "disk"
        self._mounted: list[Path] = []
        with self._image.open("wb") as file:
            file.truncate(256 * 1024 * 1024)

    def __enter__(self) -> "Disk":
        """Create the file system, or skip the test if that is not allowed."""
        self.root = self._folder / "root"
        subprocess.run(["mkfs.ext4", "-q", str(self._image)], check=True)
        if not self._mount(self._image, self.root):
            pytest.skip("only root may mount a disk made of a file")
        return self

    def __exit__(self, *details: object) -> None:
        """Unmount everything."""
        for folder in reversed(self._mounted):
            subprocess.run(["umount", "--lazy", str(folder)], check=True)

    def after_a_power_cut(self, number: int) -> Path:
        """Return a folder with what the disk would contain after a power failure now."""
        copy, folder = self._folder / f"copy-{number}", self._folder / f"after-{number}"
        shutil.copyfile(self._image, copy)
        assert self._mount(copy, folder)
        self._image = copy  # From now on, this is written to.
        return folder

    def _mount(self, image: Path, folder: Path) -> bool:
        folder.mkdir()
        if subprocess.run(
            ["mount", "-o", "loop", str(image), str(folder)], check=False, capture_output=True
        ).returncode:
            return False
        self._mounted.append(folder)
        return True


def programs(site: Pasteur, data: Path) -> list[int]:
    """Return the process groups of the site, and of all Git processes working on its data."""
    assert site.process is not None
    found = {site.process.pid, *site.children().values()}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"--git-dir={data}".encode() in (process / "cmdline").read_bytes():
                found.add(os.getpgid(int(process.name)))
        except OSError:
            continue  # It has just exited.
    return sorted(found)


def signal_all(groups: list[int], number: int) -> None:
    """Send a signal to these groups, if they still exist."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("cuts", [1, pytest.param(10, marks=pytest.mark.slow_fault)], ids=["one", "ten"])
def test_power_loss_loses_no_accepted_paste(disk: Disk, cuts: int) -> None:
    taken: dict[str, str] = {}
    folder = disk.root
    for number in range(cuts):
        with Pasteur(PASTEUR_DATA_DIR=str(folder / "data")) as site:
            answered, folder = paste_until_the_power_goes(site, disk, folder, number)
            taken |= answered
        with Pasteur(PASTEUR_DATA_DIR=str(folder / "data")) as site:
            assert_whole(site, folder / "data", taken)


def paste_until_the_power_goes(site: Pasteur, disk: Disk, folder: Path, number: int) -> tuple[dict[str, str], Path]:
    """Paste from several clients, and cut the power; return what was acknowledged before, and the disk's content."""
    taken: dict[str, str] = {}
    is_over = threading.Event()

    def paste() -> None:
        while not is_over.is_set():
            text = f"{os.urandom(500).hex()}\n"
            with contextlib.suppress(urllib3.exceptions.HTTPError):  # The power is off.
                taken[site.paste(text)] = text

    wait_until(lambda: len(site.children()) == 3, "all of it runs")
    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(paste) for _ in range(4)]
        try:
            until = random.randint(100, 300)
            wait_until(lambda: len(taken) >= until or any(future.done() for future in work), "pastes are taken", 60)
            # Nothing is acknowledged while the disk is copied, so that everything acknowledged before is known.
            for _ in range(2):  # Including what was started in the meantime.
                signal_all(programs(site, folder), signal.SIGSTOP)
            answered = dict(taken)
            found = disk.after_a_power_cut(number)
        finally:
            is_over.set()
            signal_all(programs(site, folder), signal.SIGKILL)
    for future in work:
        future.result()
    return answered, found


def assert_whole(site: Pasteur, data: Path, answered: dict[str, str]) -> None:
    """Fail unless everything acknowledged exists, and is soon in Git."""
    site.data = data
    try:
        site.wait_until_nothing_is_pending(120)
    except AssertionError:
        print(site.log_tail())
        raise
    for key, text in answered.items():
        assert site.http.request("GET", f"{site.url}/{key}/raw").data.decode() == text
    found = repository.changes(site.mirror)
    assert len(found) == len(set(found))
    assert {f"{key}.1" for key in answered} <= set(found)
    assert site.manage("resync_git", "--check").returncode == 0
    repository.assert_sound(site.mirror)


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize(
    ("pastes", "seconds"), [(3_000, 100), pytest.param(100_000, 300, marks=pytest.mark.slow_fault)], ids=["some", "all"]
)
def test_a_first_import_takes_bounded_memory(pastes: int, seconds: float) -> None:
    site = Pasteur()
    try:
        site.manage("migrate")
        site.manage("shell", "-c", _PUBLISH.format(count=pastes))
        subprocess.run(["git", "init", "--bare", "--quiet", str(site.folder / "empty.git")], check=True)
        site.settings["GITSYNC_REMOTE"] = str(site.folder / "empty.git")
        started = time.monotonic()

        assert peak(site, "resync_git") <= 256

        assert time.monotonic() - started <= seconds
        assert len(set(repository.changes(site.folder / "empty.git"))) == pastes
        assert site.manage("resync_git", "--check").returncode == 0
    finally:
        site.stop()


def peak(site: Pasteur, command: str) -> float:
    """Run a management command that must succeed, and return the peak private memory of it or its Git processes in MiB.

    Packs that Git maps into memory are not counted: the system drops them when it needs the memory.
    """
    words = [*site.command()[:-1], command]
    with (
        subprocess.Popen(words, env=site.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process,
        memory.watched(memory.below(process.pid)) as found,
    ):
        said, _ = process.communicate()
    assert process.returncode == 0, said.decode()[-2000:]
    return found.largest_own
