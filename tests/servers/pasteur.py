"""The whole site: `manage.py run` with its web, worker and periodic processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import urllib3

from tests.servers.process import ServerProcess, wait_until

ROOT = Path(__file__).resolve().parents[2]


class Pasteur(ServerProcess):
    """The site with its embedded defaults, or with the given settings."""

    def __init__(self, **settings: str) -> None:
        super().__init__()
        self.data = self.folder / "data"
        self.settings = settings
        # The server may close an idle connection just when a slow test reuses it.
        self.http = urllib3.PoolManager(timeout=20, retries=False, headers={"Connection": "close"})

    @property
    def url(self) -> str:
        """The address of the site, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def mirror(self) -> Path:
        """The default remote."""
        return self.data / "mirror.git"

    def command(self) -> Sequence[str]:
        return [sys.executable, str(ROOT / "manage.py"), "run"]

    def environment(self) -> Mapping[str, str]:
        """Return PATH, the folder, the port and the given settings."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PORT": str(self.port),
            "PASTEUR_DATA_DIR": str(self.data),
            **self.settings,
        }

    def is_ready(self) -> bool:
        """Return whether the web process can reach its database."""
        try:
            return self.http.request("GET", f"{self.url}/healthz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def paste(self, text: str | bytes, name: str = "") -> str:
        """Create a paste with PUT or POST, like curl, and return its key."""
        body = text.encode() if isinstance(text, str) else text
        answer = self.http.request("PUT" if name else "POST", f"{self.url}/{name}", body=body)
        assert answer.status == 201, (answer.status, answer.data)
        return answer.data.decode().strip().rpartition("/")[2]

    def read(self, key: str) -> dict[str, Any]:
        """Return a paste from the API."""
        answer = self.http.request("GET", f"{self.url}/api/v1/pastes/{key}")
        assert answer.status == 200, (answer.status, answer.data)
        return cast("dict[str, Any]", json.loads(answer.data))

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command with the site's settings."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        process = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)
        assert not check or process.returncode == 0, process.stdout + process.stderr
        return process

    def children(self) -> dict[str, int]:
        """Return the process ids of the programs that `run` starts, by name, without orphans of dead ones."""
        assert self.process is not None
        pids = {}
        for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            try:
                arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                if arguments == [""] or os.getsid(int(pid)) != int(pid):  # A zombie has no arguments.
                    continue
            except (FileNotFoundError, ProcessLookupError):
                continue  # It has just exited.
            names = {"worker": "worker", "beat": "beat", "pasteur_site.certificates.keeper": "certificates"}
            pids[next((names[argument] for argument in arguments if argument in names), "web")] = int(pid)
        return pids

    def wait_until_mirrored(self, *keys: str, seconds: float = 60) -> None:
        """Wait until the API reports each of these pastes as mirrored."""
        for key in keys:
            wait_until(lambda: self.read(key)["mirror"]["state"] == "mirrored", f"{key} is mirrored", seconds)  # noqa: B023

    def wait_until_nothing_is_pending(self, seconds: float = 60) -> None:
        """Wait until no change is pending."""
        wait_until(lambda: self.oldest_pending() == 0, "nothing is pending", seconds)

    def oldest_pending(self) -> float:
        """Return the age of the oldest pending change in seconds, or -1 if the site does not report it."""
        try:
            answer = self.http.request("GET", f"{self.url}/readyz")
        except urllib3.exceptions.HTTPError:
            return -1.0
        return float(json.loads(answer.data).get("oldest_pending_seconds", -1)) if answer.status == 200 else -1.0
