"""The supervisor itself, on programs that are simpler than the site's."""

import subprocess
import sys
from pathlib import Path

from tests.servers.pasteur import ROOT
from tests.servers.process import wait_until

ORPHANS = "from pasteur_site.processes.supervisor import Supervisor; Supervisor({'one': ['sh', '-c', '%s']}).run()"


def children(pid: int) -> list[str]:
    """Return the states of a process's children, as `ps` shows them."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            found.append(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0])
        except OSError:
            continue  # It has just ended.
    return found


def test_what_a_program_leaves_behind_does_not_stay_as_a_zombie(tmp_path: Path) -> None:
    left = tmp_path / "left"
    program = f"(for n in 1 2 3; do (touch {left}-$n; exit 0) & done); exec sleep 60"
    supervisor = subprocess.Popen([sys.executable, "-c", ORPHANS % program], cwd=ROOT)
    try:
        wait_until(lambda: len(list(tmp_path.glob("left-*"))) == 3, "the program has left processes behind")

        wait_until(lambda: children(supervisor.pid) == ["S"], "the program alone is left")
    finally:
        supervisor.terminate()
        assert supervisor.wait(timeout=20) == 0
