"""A client's socket as gunicorn's threads see it: what the client does not take at once is kept for the loop."""

from __future__ import annotations

import socket
from typing import Any


class Wire(socket.socket):
    """A socket on which a thread may write any amount and never waits."""

    def __init__(self, client: socket.socket) -> None:
        super().__init__(client.family, client.type, client.proto, fileno=client.detach())
        self.unsent = bytearray()
        #: How the request that is being answered starts.
        self.start = b""

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send what the client takes now, and keep the rest."""
        sent_bytes = 0 if self.unsent else self._send_now(data)
        if sent_bytes < len(data):
            self.unsent += memoryview(data)[sent_bytes:]

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a part of a file like any other answer."""
        file.seek(offset)
        content = file.read(-1 if count is None else count)
        self.sendall(content)
        return len(content)

    def send_on(self) -> bool:
        """Send of the rest what the client takes now; returns whether all has gone. Raises OSError."""
        del self.unsent[: self._send_now(self.unsent)]
        return not self.unsent

    def _send_now(self, data: Any) -> int:
        try:
            return self.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
