"""nginx in front of a site, with the configuration of deploy/nginx."""

import json
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import urllib3

from tests.servers.pasteur import ROOT, Pasteur
from tests.servers.process import ServerProcess, program, reserve_port, wait_until


class Nginx(ServerProcess):
    """nginx with a certificate of its own for `localhost`, and a log in JSON."""

    def __init__(self, site: Pasteur, *, path: str = "", tls: bool = True, **settings: str) -> None:
        super().__init__()
        plain = reserve_port()
        weakref.finalize(self, plain.close)
        self.plain_port = int(plain.getsockname()[1])
        self.tls = tls
        self.access_log = self.folder / "access.log"
        self.url = f"https://localhost:{self.port}{path}" if tls else f"http://localhost:{self.port}{path}"
        self.settings = {
            "PASTEUR_URL": self.url,
            "FRONT_TLS": "on" if tls else "off",
            "FRONT_PORT": f"127.0.0.1:{self.plain_port if tls else self.port}",
            "FRONT_TLS_PORT": f"127.0.0.1:{self.port}",
            "FRONT_UPSTREAM": f"127.0.0.1:{site.port}",
            "FRONT_STATIC": str(ROOT / "staticfiles"),
            "FRONT_RUN": str(self.folder),
            "FRONT_CERTIFICATES": str(self.folder),
            "FRONT_CHALLENGES": str(self.folder),
            "FRONT_LOG_FILE": str(self.access_log),
            "FRONT_ACCESS_LOG": "json",
            **settings,
        }

    @cached_property
    def http(self) -> urllib3.PoolManager:
        """A client that trusts the certificate."""
        return urllib3.PoolManager(timeout=20, retries=False, ca_certs=str(self.folder / "fullchain.pem"))

    def configure(self) -> subprocess.CompletedProcess[str]:
        """Write the configuration."""
        return subprocess.run(
            [str(ROOT / "deploy/nginx/configure"), str(self.folder / "nginx.conf")],
            env={"PATH": "/usr/sbin:/usr/bin:/bin", **self.settings},
            capture_output=True,
            text=True,
            check=False,
        )

    def command(self) -> Sequence[str]:
        done = self.configure()
        assert done.returncode == 0, done.stderr
        kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        files = ["-keyout", str(self.folder / "privkey.pem"), "-out", str(self.folder / "fullchain.pem")]
        subprocess.run(["openssl", "req", *kind, *name, *files], check=True, capture_output=True)
        self.folder.chmod(0o755)  # The workers of nginx have an account of their own.
        return [program("nginx"), "-c", str(self.folder / "nginx.conf"), "-g", "daemon off;"]

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """Request a path of the site."""
        return self.http.request("GET", self.url + path, headers=headers, redirect=False)

    def lines(self, number: int) -> list[Mapping[str, Any]]:
        """Return the lines of the log as soon as there are this many."""
        wait_until(lambda: self.access_log.exists() and self.text.count("\n") >= number, "the log has the lines")
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def text(self) -> str:
        """The whole log."""
        return self.access_log.read_text()

    def cache_states(self, path: str, headers: Mapping[str, str], times: int = 3) -> list[str]:
        """Request a path several times, one after another, and return where each response came from."""
        before = len(self.lines(0)) if self.access_log.exists() else 0
        for _ in range(times):
            self.http.request("GET", self.url + path, headers=headers, redirect=False)
        return [str(line["cache"]) for line in self.lines(before + times)[before:]]
