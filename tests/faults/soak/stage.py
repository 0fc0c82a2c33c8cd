"""What the soak runs on: a whole site, its remote behind a network, two small disks, and a clock that can be set."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import urllib3

from tests import repository
from tests.faults.soak.network import Proxy
from tests.servers import git_repository
from tests.servers.disk import Disk
from tests.servers.git_http import GitHttp
from tests.servers.pasteur import Pasteur
from tests.servers.process import program, wait_until


class Stage:
    """The site and what it relies on, for one `with` block."""

    def __init__(self) -> None:
        self.forge = GitHttp()
        self.proxy = Proxy(self.forge.port)
        self.site = Pasteur(
            GITSYNC_REMOTE=f"http://127.0.0.1:{self.proxy.port}/pastes.git",
            GITSYNC_HTTP_TOKEN=self.forge.token,
            PASTEUR_LIMIT_CREATE="100000/minute",
            PASTEUR_LIMIT_READ="100000/minute",
            PASTEUR_LIMIT_DELETE="100000/minute",
        )
        self.clock = self.site.folder / "clock"
        self.site.settings |= self._clock_settings()
        #: Whether the supervisor was killed on purpose.
        self.is_down = False

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(self.proxy.close)
            self.remote_disk = stack.enter_context(Disk(self.forge.repository))
            self.site_disk = stack.enter_context(Disk(self.site.folder / "disk"))
            self.site.data = self.site_disk.folder / "data"
            git_repository.create(self.forge.repository)
            repository.git(self.forge.repository, "config", "http.receivepack", "true")
            self.set_clock(0)
            for server in (self.forge, self.site):
                stack.callback(server.kill)
                server.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *details: object) -> None:
        if details[0] is not None:
            print(self.site.log.read_text(errors="replace")[-400_000:])
        self._stack.close()
        self.site.stop()
        self.forge.stop()

    def set_clock(self, seconds: int) -> None:
        """Let the clock of all processes of the site be wrong by so many seconds."""
        with self.clock.open("r+b" if self.clock.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))

    def readiness(self) -> dict[str, object] | None:
        """Return what `/readyz` tells the operator; None without an answer."""
        try:
            answer = self.site.http.request("GET", f"{self.site.url}/readyz", timeout=5)
            return dict(answer.json())
        except (urllib3.exceptions.HTTPError, ValueError):
            return None

    def send(self, name: str, number: int) -> None:
        """Send a signal to one of the site's programs, if it is running."""
        with suppress(KeyError, ProcessLookupError, FileNotFoundError):
            os.killpg(self.site.children()[name], number)

    def restart(self) -> None:
        """Start the site again after its supervisor was killed."""
        assert self.site.process is not None
        self.site.process.wait()
        wait_until(lambda: not self._has_orphans(), "the former programs have ended", 30)
        self.site.start()
        self.is_down = False

    def kill_supervisor(self) -> None:
        """Kill the supervisor alone; its programs see to their own end."""
        assert self.site.process is not None
        self.is_down = True
        os.kill(self.site.process.pid, signal.SIGKILL)
        self.site.process.wait()

    def _has_orphans(self) -> bool:
        """Whether any process of the site is alive: each has the site's folder in its environment."""
        marker = f"PASTEUR_DATA_DIR={self.site.data}".encode()
        for file in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if marker in file.read_bytes():
                    return True
        return False

    def _clock_settings(self) -> dict[str, str]:
        library = self.site.folder / "clock.so"
        source = Path(__file__).with_name("clock.c")
        subprocess.run([program("cc"), "-O2", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
        return {"LD_PRELOAD": str(library), "SOAK_CLOCK": str(self.clock)}
