"""A mail server in a thread of the test (RFC 5321, as far as a client needs it)."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from typing import Self

from tests.servers.process import Server


class _Session(socketserver.StreamRequestHandler):
    server: _Listener

    def handle(self) -> None:
        self._send("220 ready")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            verb = line.partition(" ")[0].upper()
            if verb == "DATA":
                self._receive()
            elif verb == "QUIT":
                return self._send("221 bye")
            else:
                self.server.lines.append(line)
                self._send(self.server.refusal if verb == "MAIL" and self.server.refusal else "250 fine")
        return None

    def _receive(self) -> None:
        self._send("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.messages.append(message)
        self._send("250 stored")

    def _send(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.lines: list[str] = []
        self.messages: list[EmailMessage] = []
        self.refusal = ""


class Smtp(Server):
    """The mail server. It stores messages unless `refuse` was called."""

    def __init__(self) -> None:
        self._listener = _Listener()
        self.port = int(self._listener.server_address[1])

    def start(self) -> Self:
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    @property
    def messages(self) -> list[EmailMessage]:
        """The received messages."""
        return self._listener.messages

    @property
    def lines(self) -> list[str]:
        """The commands sent by clients before their messages."""
        return self._listener.lines

    def refuse(self, answer: str) -> None:
        """Respond to each mail with this refusal; accept mail again if it is empty."""
        self._listener.refusal = answer
