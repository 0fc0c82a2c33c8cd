"""Runs the client the way users do: as a separate program, with a separate home directory."""

import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[2] / "client" / "pasteur"


def loaded() -> Any:
    """Return the client as a module."""
    loader = importlib.machinery.SourceFileLoader("pasteur_client", str(FILE))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Done:
    """The result of a run."""

    status: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The only line of output."""
        assert (self.status, self.err) == (0, ""), self
        assert self.out.count("\n") == 1, self
        return self.out.strip()

    @property
    def json(self) -> Any:
        """The output, parsed as JSON."""
        assert self.status == 0, self
        return json.loads(self.out)


class User:
    """A user with the client and a home directory."""

    def __init__(self, home: Path, server: str = "", **variables: str) -> None:
        self.home = home
        self.config = home / ".config" / "pasteur" / "config.ini"
        self.list = home / ".local" / "share" / "pasteur" / "pastes.json"
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), **variables}
        if server:
            self.environment["PASTEUR_SERVER"] = server

    def __call__(
        self,
        *words: str | Path,
        text: str | bytes = b"",
        program: Path = FILE,
        python: str = sys.executable,
        **variables: str,
    ) -> Done:
        """Run the client."""
        done = subprocess.run(
            [python, str(program), *map(str, words)],
            input=text.encode() if isinstance(text, str) else text,
            env=self.environment | variables,
            cwd=self.home,
            capture_output=True,
            check=False,
            start_new_session=True,  # Without the terminal of the user who runs the tests.
            timeout=60,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file to the home directory."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def configure(self, *lines: str, mode: int = 0o600) -> None:
        """Write the configuration file."""
        self.write(".config/pasteur/config.ini", "\n".join(["[pasteur]", *lines, ""])).chmod(mode)
