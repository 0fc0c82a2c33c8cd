"""The supervisor itself, tested with simpler programs than the site's."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from pasteur_site.processes import program_states
from tests.servers.pasteur import ROOT
from tests.servers.process import wait_until

SUPERVISE = """
import json, logging, sys
from pathlib import Path
from pasteur_site.processes.supervisor import Supervisor
logging.basicConfig()
sys.exit(Supervisor(json.loads(sys.argv[1]), Path(sys.argv[2]), Path.cwd()).run())
"""


@contextmanager
def supervise(folder: Path, programs: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Supervise shell scripts for the duration of the block."""
    commands = json.dumps({name: ["sh", "-c", script] for name, script in programs.items()})
    command = [sys.executable, "-c", SUPERVISE, commands, str(folder / "states")]
    with (folder / "log").open("wb") as log:
        supervisor = subprocess.Popen(command, cwd=ROOT, stderr=log)
    try:
        yield supervisor
    finally:
        supervisor.terminate()
        supervisor.wait(timeout=20)


def children(pid: int) -> list[str]:
    """Return the states of a process's children, as reported by `ps`."""
    states = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            states.append(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0])
        except OSError:
            continue  # It has just exited.
    return states


def test_orphaned_processes_do_not_remain_as_zombies(tmp_path: Path) -> None:
    left = tmp_path / "left"
    program = f"(for n in 1 2 3; do (touch {left}-$n; exit 0) & done); exec sleep 60"
    with supervise(tmp_path, {"one": program}) as supervisor:
        wait_until(lambda: len(list(tmp_path.glob("left-*"))) == 3, "the program has left processes behind")

        wait_until(lambda: children(supervisor.pid) == ["S"], "the program alone is left")
    assert supervisor.returncode == 0


@pytest.mark.parametrize("ending", ["exit 3", "kill -KILL $$"])
def test_a_program_that_keeps_exiting_is_restarted_after_increasing_delays_and_stops_no_other(
    tmp_path: Path, ending: str
) -> None:
    starts = tmp_path / "starts"
    programs = {"web": "exec sleep 60", "worker": f"echo >> {starts}; {ending}"}
    with supervise(tmp_path, programs) as supervisor:
        wait_until(lambda: starts.exists() and starts.read_text().count("\n") == 5, "the fifth start")
        wait_until(lambda: "in 16 s" in (tmp_path / "log").read_text(), "the fifth pause")

        assert supervisor.poll() is None
        assert "S" in children(supervisor.pid)
        assert program_states.read(tmp_path / "states")["worker"].startswith("ended 5 times in a row, last with ")
    pauses = [line.rpartition(" in ")[2] for line in (tmp_path / "log").read_text().splitlines() if "ended" in line]
    assert pauses == ["1 s", "2 s", "4 s", "8 s", "16 s"]
    assert not (tmp_path / "states").exists()


def test_a_main_program_that_keeps_exiting_stops_everything(tmp_path: Path) -> None:
    with supervise(tmp_path, {"web": "exit 3", "worker": "exec sleep 60"}) as supervisor:
        started = time.monotonic()

        assert supervisor.wait(timeout=40) == 1
        assert time.monotonic() - started > 10
    assert "5 times within a minute" in (tmp_path / "log").read_text()


def test_a_folder_that_cannot_store_states_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "states").mkdir()
    (tmp_path / "states" / "file").touch()
    with supervise(tmp_path, {"web": "exec sleep 60", "worker": "exit 3"}) as supervisor:
        wait_until(lambda: (tmp_path / "log").read_text().count("restarting") == 2, "two restarts")

        assert supervisor.poll() is None
    assert supervisor.returncode == 0


@pytest.mark.parametrize("content", ["", "[]", "null", '{"worker": 1}', '{"worker": {}}', "\xff"])
def test_an_unreadable_state_file_is_ignored(tmp_path: Path, content: str) -> None:
    (tmp_path / "states").write_text(content, encoding="latin-1")

    assert program_states.read(tmp_path / "states") == {}
