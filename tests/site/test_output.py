"""If the log's reader hangs or its disk is full, work continues: lines are dropped and counted."""

import fcntl
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pasteur_site.processes.output import DroppingStream
from tests.servers.pasteur import Pasteur
from tests.servers.process import wait_until

F_SETPIPE_SZ = 1031
#: Longer than a pipe of one page.
LINE = "x" * 99 + "\n"


def small_pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
    return reader, writer


def small_socket() -> tuple[int, int]:
    reader, writer = socket.socketpair()
    writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return reader.detach(), writer.detach()


def small_terminal() -> tuple[int, int]:
    return os.openpty()


def read_available(reader: int) -> str:
    """Return what the reader can read without waiting."""
    os.set_blocking(reader, False)
    content = b""
    with suppress(BlockingIOError):
        while piece := os.read(reader, 65_536):
            content += piece
    return content.decode()


@pytest.mark.parametrize("make", [small_pipe, small_socket, small_terminal])
def test_lines_that_nothing_reads_are_dropped_and_counted(make: Callable[[], tuple[int, int]]) -> None:
    reader, writer = make()
    stream = DroppingStream(writer)
    started = time.monotonic()

    for _ in range(20_000):
        stream.write(LINE)

    assert time.monotonic() - started < 10
    before = read_available(reader)
    while "dropped" not in before:  # A terminal passes its buffer on bit by bit.
        stream.flush()
        before += read_available(reader)
    stream.write("after\n")
    content = before + read_available(reader)
    whole = content.count(LINE.rstrip())
    notes = [int(count) for count in re.findall(r"WARNING pasteur_site.output: (\d+) lines were dropped", content)]
    assert notes
    assert 20_000 <= whole + sum(notes) <= 20_000 + len(notes)  # Only the end of a dropped line may be missing.
    assert content.splitlines()[-1] == "after"
    assert os.get_blocking(writer)
    os.close(reader)
    os.close(writer)


def test_writes_do_not_fail_if_the_reader_is_gone_or_the_disk_is_full() -> None:
    reader, writer = small_pipe()
    stream = DroppingStream(writer)
    os.close(reader)
    with Path("/dev/full").open("wb", buffering=0) as full:
        for broken in (stream, DroppingStream(full.fileno()), DroppingStream(10_000)):
            broken.write("text\n")
            broken.flush()
    os.close(writer)


@pytest.fixture(params=["full pipe", "full disk"])
def site_with_full_log(request: pytest.FixtureRequest) -> Iterator[Pasteur]:
    """Return a site whose log never accepts a byte."""
    site = Pasteur()
    reader, writer = small_pipe()
    if request.param == "full disk":
        os.close(writer)
        writer = os.open("/dev/full", os.O_WRONLY)
    else:
        os.write(writer, b"x" * 4096)
    site.process = subprocess.Popen(
        site.command(), env=site.environment(), stdout=writer, stderr=writer, start_new_session=True
    )
    yield site
    site.stop()
    os.close(reader)
    os.close(writer)


@pytest.mark.server
@pytest.mark.alone
@pytest.mark.timeout(240)
def test_a_site_whose_log_is_full_starts_works_and_stops(site_with_full_log: Pasteur) -> None:
    assert site_with_full_log.process is not None
    wait_until(site_with_full_log.is_ready, "the site answers", 60)
    site_with_full_log.wait_until_mirrored(site_with_full_log.paste("first"))
    for name in ("worker", "web"):
        wait_until(lambda: name in site_with_full_log.children(), f"{name} runs")  # noqa: B023
        old = site_with_full_log.children()[name]
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: site_with_full_log.children().get(name, old) != old, f"{name} is started again")  # noqa: B023
    wait_until(site_with_full_log.is_ready, "the site answers again", 60)
    # Each of these causes a log line from the web server and one from the worker.
    for _ in range(300):
        site_with_full_log.http.request(
            "POST", f"{site_with_full_log.url}/", body=b"x", headers={"Content-Length": "nonsense"}
        )
    site_with_full_log.wait_until_mirrored(site_with_full_log.paste("second"))

    started = time.monotonic()
    site_with_full_log.process.terminate()

    assert site_with_full_log.process.wait(timeout=20) == 0
    assert time.monotonic() - started < 15
