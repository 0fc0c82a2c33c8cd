"""The faults of the soak. Each is on for a while, and says by what `/readyz` tells it once it is on for two minutes."""

from __future__ import annotations

import os
import random
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests import many
from tests.faults.soak.stage import Stage

#: What `/readyz` tells the operator; None without an answer.
Reading = dict[str, object] | None


class Fault(ABC):
    """One fault. `start` and `stop` are called in turns, from one thread."""

    #: Whether it is something to tell, and can be on for minutes.
    is_lasting = True

    def __init__(self, stage: Stage, chance: random.Random) -> None:
        self.stage, self.chance = stage, chance

    @abstractmethod
    def start(self) -> None:
        """Let it happen."""

    def stop(self) -> None:  # noqa: B027  (most faults that are over at once need no stop)
        """Mend it."""

    def is_told(self, reading: Reading) -> bool:
        """Whether an operator knows of it."""
        return True

    def __str__(self) -> str:
        return type(self).__name__


class RemoteFault(Fault):
    """A fault of the remote, which shows as an error of the mirror."""

    codes: set[str]

    def is_told(self, reading: Reading) -> bool:
        return reading is not None and reading.get("mirror_error") in self.codes


class Hook(RemoteFault):
    """A hook of the remote."""

    name: str
    script: str

    def start(self) -> None:
        self._file = many.hook(self.stage.forge.repository, self.name, self.script)

    def stop(self) -> None:
        self._file.unlink()


class RefusingRemote(Hook):
    """The remote refuses every push."""

    codes, name = {"refused", "partly_refused"}, "pre-receive"
    script = "echo closed for today >&2; exit 1"


class DroppingRemote(Hook):
    """The remote accepts every push, and sets the branch back."""

    codes, name = {"push_lost"}, "post-receive"
    script = 'while read old new ref; do git update-ref "$ref" "$old" "$new"; done'


class PageOfRemote(RemoteFault):
    """A page of HTML in place of the remote."""

    codes = {"not_git"}

    def start(self) -> None:
        self.stage.forge.answer_page("<!DOCTYPE html>\n<title>Please log in</title>\n")

    def stop(self) -> None:
        self.stage.forge.answer_page(None)


class StatusOfRemote(RemoteFault):
    """The remote answers with an error, or redirects."""

    codes = {"unreachable", "denied"}

    def start(self) -> None:
        self.stage.forge.answer(*self.chance.choice([(502, ""), (503, ""), (404, ""), (302, "http://127.0.0.1:1")]))

    def stop(self) -> None:
        self.stage.forge.answer(None)


class FullRemote(RemoteFault):
    """The disk of the remote is full."""

    codes = {"remote_disk"}

    def start(self) -> None:
        self.stage.remote_disk.fill()

    def stop(self) -> None:
        self.stage.remote_disk.free()


class LockedRemote(RemoteFault):
    """The branch of the remote has a lock of a process that was killed."""

    codes = {"locked"}

    def start(self) -> None:
        self._file = Path(self.stage.forge.repository / "refs/heads/main.lock")
        self._file.touch()

    def stop(self) -> None:
        self._file.unlink(missing_ok=True)


class Network(RemoteFault):
    """The way to the remote."""

    mode: str

    def start(self) -> None:
        self.stage.proxy.mode = self.mode

    def stop(self) -> None:
        self.stage.proxy.mode = ""


class ClosedNetwork(Network):
    """Connections to the remote are refused."""

    mode, codes = "closed", {"unreachable"}


class FrozenNetwork(Network):
    """Nothing gets through to the remote, and no connection ends."""

    mode, codes = "frozen", {"timeout", "unreachable"}


class TornNetwork(Network):
    """Connections are reset in the middle of larger answers."""

    mode, codes = "torn", {"unreachable"}


class SlowNetwork(Network):
    """The network lets through 40 kB/s. That delays pushes, and is no error."""

    mode, is_lasting = "slow", False


class FullSite(Fault):
    """The disk of the database and the clone is full."""

    def start(self) -> None:
        self.stage.site_disk.fill()

    def stop(self) -> None:
        self.stage.site_disk.free()

    def is_told(self, reading: Reading) -> bool:
        return reading is not None and reading.get("ready") is False and bool(reading.get("write_error"))


class WrongClock(Fault):
    """The clock is changed, and later set right again: each of the two is a jump."""

    is_lasting = False

    def start(self) -> None:
        self.stage.set_clock(self.chance.choice([-1, 1]) * self.chance.choice([30, 600, 3_600, 86_400, 40 * 86_400]))

    def stop(self) -> None:
        self.stage.set_clock(0)


class Kills(Fault):
    """One of the site's programs is killed, again and again while the fault lasts."""

    def start(self) -> None:
        self._program = self.chance.choice(["web", "worker", "worker", "beat"])
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._kill_on)
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def is_told(self, reading: Reading) -> bool:
        return reading is None or self._program in str(reading.get("failing_programs"))

    def _kill_on(self) -> None:
        while True:
            self.stage.send(self._program, signal.SIGKILL)
            # The site ends when its web server ends five times within a minute.
            if self._is_over.wait(self.chance.uniform(16, 20) if self._program == "web" else self.chance.uniform(1, 8)):
                return

    def __str__(self) -> str:
        return f"Kills({self._program})"


class Standstill(Fault):
    """A program stands still: it is alive and does nothing."""

    def start(self) -> None:
        self._program = self.chance.choice(["worker", "beat", "web"])
        self.stage.send(self._program, signal.SIGSTOP)

    def stop(self) -> None:
        self.stage.send(self._program, signal.SIGCONT)

    def is_told(self, reading: Reading) -> bool:
        if reading is None:
            return self._program == "web"
        is_lock_told = self._program == "worker" and reading.get("mirror_error") == "lock_held"
        return is_lock_told or self._program in str(reading.get("failing_programs"))

    def __str__(self) -> str:
        return f"Standstill({self._program})"


class KilledGit(Fault):
    """The processes of Git that the worker has started are killed, as by a machine without memory."""

    is_lasting = False

    def start(self) -> None:
        clone = str(self.stage.site.data / "clone.git").encode()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ProcessLookupError):
                if clone in (process / "cmdline").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)


class KilledSupervisor(Fault):
    """The supervisor is killed, and started again when the fault is over."""

    def start(self) -> None:
        self.stage.kill_supervisor()

    def stop(self) -> None:
        self.stage.restart()

    def is_told(self, reading: Reading) -> bool:
        return reading is None


#: The faults by the part that they concern: at most one of each part is on at any time.
PARTS: dict[str, list[Callable[[Stage, random.Random], Fault]]] = {
    "remote": [
        *(RefusingRemote, DroppingRemote, PageOfRemote, StatusOfRemote, FullRemote, LockedRemote),
        *(ClosedNetwork, FrozenNetwork, TornNetwork, SlowNetwork),
    ],
    "disk": [FullSite],
    "clock": [WrongClock],
    "programs": [Kills, Standstill, KilledGit, KilledSupervisor],
}
