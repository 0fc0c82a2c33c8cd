"""Fixtures for all tests: a remote and servers, and how workers share the machine."""

import fcntl
import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from gitsync.repository import process
from tests.servers import git_repository
from tests.servers.pasteur import Pasteur
from tests.servers.postgresql import PostgreSQL
from tests.servers.redis import Redis
from tests.servers.sshd import Sshd

# Only the locks on these files are used; each checkout has its own.
_gate = os.open(__file__, os.O_RDONLY)
_machine = os.open(Path(__file__).with_name("settings.py"), os.O_RDONLY)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Assign each file to one worker (`--dist loadgroup`), and all tests marked `alone` to another."""
    for item in items:
        group = "alone" if item.get_closest_marker("alone") else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Run a test marked `alone` while all other workers wait. The waiting does not count towards their timeouts.

    Each test holds the machine's lock, shared unless the test is `alone`. Before that, it passes a gate, which a test
    that is `alone` keeps closed: no other test starts while it waits for the lock, or before the next such test.
    """
    is_alone = item.get_closest_marker("alone") is not None
    fcntl.flock(_gate, fcntl.LOCK_EX)
    fcntl.flock(_machine, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH)
    if not is_alone:
        fcntl.flock(_gate, fcntl.LOCK_UN)
    try:
        return (yield)
    finally:
        if not (is_alone and nextitem and nextitem.get_closest_marker("alone")):
            fcntl.flock(_machine, fcntl.LOCK_UN)
            fcntl.flock(_gate, fcntl.LOCK_UN)


def pytest_collection_finish() -> None:
    """Exclude the collected tests from garbage collection, which would otherwise take an eighth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def remote(tmp_path: Path, settings: Settings) -> Path:
    """Return an empty bare repository that is configured as the remote."""
    path = tmp_path / "remote.git"
    git_repository.create(path)
    settings.GITSYNC_REMOTE = str(path)
    settings.GITSYNC_IS_DEFAULT_REMOTE = False
    settings.GITSYNC_CLONE_DIR = tmp_path / "clone.git"
    return path


@pytest.fixture(autouse=True)
def clear_stop_request() -> Iterator[None]:
    """Clear the stop request that a test may have made in this process."""
    yield
    process.stop_requested.clear()


@pytest.fixture
def pasteur() -> Iterator[Pasteur]:
    """Return a running site with the default settings."""
    with Pasteur() as site:
        yield site


@pytest.fixture
def sshd() -> Iterator[Sshd]:
    """Return a running SSH server with an empty repository."""
    with Sshd() as server:
        yield server


@pytest.fixture
def over_ssh(sshd: Sshd, settings: Settings, tmp_path: Path) -> Sshd:
    """Return an SSH server that is configured as the remote."""
    settings.GITSYNC_REMOTE = sshd.url
    settings.GITSYNC_IS_DEFAULT_REMOTE = False
    settings.GITSYNC_SSH_KEY_FILE = sshd.key_file
    settings.GITSYNC_SSH_KNOWN_HOSTS_FILE = sshd.known_hosts_file
    settings.GITSYNC_CLONE_DIR = tmp_path / "clone.git"
    return sshd


@pytest.fixture
def redis() -> Iterator[Redis]:
    """Return a running Redis."""
    with Redis() as server:
        yield server


@pytest.fixture
def postgresql() -> Iterator[PostgreSQL]:
    """Return a running PostgreSQL."""
    with PostgreSQL() as server:
        yield server
