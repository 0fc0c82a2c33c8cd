"""A web server in front of `git http-backend`, with one Git repository that is accessible with one token.

Run as a program, it is the server itself: `python -m tests.servers.git_http PORT FOLDER`. Files in the folder control
its behavior: `token` contains the token, `answer` the status (and redirect target) of all responses, `page` the page
for all responses, and `certificate.pem` enables HTTPS; `requests` logs all requests.
"""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import sys
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.servers import git_repository
from tests.servers.process import ServerProcess

ROOT = Path(__file__).resolve().parents[2]


class GitHttp(ServerProcess):
    """The web server as a process, with a bare repository `pastes.git` in its folder."""

    token = "a-token-for-the-tests"

    def __init__(self, *, tls: bool = False) -> None:
        super().__init__()
        self.scheme = "https" if tls else "http"
        self.repository = self.folder / "pastes.git"
        git_repository.create(self.repository)
        subprocess.run(["git", f"--git-dir={self.repository}", "config", "http.receivepack", "true"], check=True)
        self.accept(self.token)
        if tls:
            self._make_certificate()

    @property
    def url(self) -> str:
        """The value of GITSYNC_REMOTE."""
        return f"{self.scheme}://127.0.0.1:{self.port}/pastes.git"

    @property
    def authority(self) -> Path:
        """The certificate of its authority; it is self-signed."""
        return self.folder / "certificate.pem.public"

    @property
    def requests(self) -> list[tuple[str, str]]:
        """All requests, as (path, value of the Authorization header)."""
        lines = (self.folder / "requests").read_text().splitlines() if (self.folder / "requests").exists() else []
        return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]

    def accept(self, token: str) -> None:
        """Accept only this token."""
        (self.folder / "token").write_text(token)

    def answer(self, status: int | None, location: str = "") -> None:
        """Respond to all requests with this status, or like Git if it is None."""
        file = self.folder / "answer"
        if status is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(f"{status} {location}")

    def answer_page(self, page: str | None) -> None:
        """Respond to all requests with this page and status 200, or like Git if it is None."""
        file = self.folder / "page"
        if page is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(page)

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "tests.servers.git_http", str(self.port), str(self.folder)]

    def environment(self) -> dict[str, str]:
        """Return an environment in which the program can import this module."""
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}

    def _make_certificate(self) -> None:
        file = str(self.folder / "certificate.pem")
        request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        command = ["openssl", *request, *names, "-keyout", file, "-out", f"{file}.public"]
        subprocess.run(command, check=True, capture_output=True)
        with Path(file).open("a") as pem:
            pem.write(Path(f"{file}.public").read_text())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path

    def do_GET(self) -> None:
        body = self._body()
        authorization = self.headers.get("Authorization", "")
        with (self.folder / "requests").open("a") as log:
            log.write(f"{self.path} {authorization}\n")
        if (self.folder / "answer").exists():
            status, _, location = (self.folder / "answer").read_text().partition(" ")
            self._send(int(status), [("Location", location + self.path)] if location else [])
        elif (self.folder / "page").exists():
            self._send(200, [("Content-Type", "text/html")], (self.folder / "page").read_bytes())
        elif authorization.partition(" ")[2] != self._expected():
            self._send(401, [("WWW-Authenticate", 'Basic realm="git"')])
        else:
            self._run_git(body)

    do_POST = do_GET  # noqa: N815  (the name that http.server calls)

    def _expected(self) -> str:
        return base64.b64encode(b"git:" + (self.folder / "token").read_bytes()).decode()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _run_git(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "git",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        process = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, answer = process.stdout.partition(b"\r\n\r\n")
        fields = [(name, value.strip()) for name, _, value in (f.partition(":") for f in head.decode().splitlines())]
        status = next((int(value.split()[0]) for name, value in fields if name.lower() == "status"), 200)
        self._send(status, [(name, value) for name, value in fields if name.lower() != "status"], answer)

    def _send(self, status: int, fields: list[tuple[str, str]], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(port: int, folder: Path) -> None:
    """Serve until killed."""
    _Handler.folder = folder
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    if (certificate := folder / "certificate.pem").exists():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
