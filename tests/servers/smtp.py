"""A mail server that keeps what it is sent, in a thread of the test (RFC 5321, as much of it as a client needs)."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from typing import Self


class _Session(socketserver.StreamRequestHandler):
    server: _Listener

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            verb = line.partition(" ")[0].upper()
            if verb == "DATA":
                self._take()
            elif verb == "QUIT":
                return self._say("221 bye")
            else:
                self.server.lines.append(line)
                self._say(self.server.refusal if verb == "MAIL" and self.server.refusal else "250 fine")
        return None

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.messages.append(message)
        self._say("250 kept")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.lines: list[str] = []
        self.messages: list[EmailMessage] = []
        self.refusal = ""


class Smtp:
    """The server; `refusal` is what it answers to every mail, while there is one."""

    def __enter__(self) -> Self:
        self._listener = _Listener()
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.server_address[1])

    @property
    def messages(self) -> list[EmailMessage]:
        """What it was sent."""
        return self._listener.messages

    @property
    def lines(self) -> list[str]:
        """What clients have said before their messages."""
        return self._listener.lines

    def refuse(self, answer: str) -> None:
        """Take no mail from now on, and answer this; take mail again when it is empty."""
        self._listener.refusal = answer
