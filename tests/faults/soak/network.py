"""A TCP proxy between the site and its remote, which behaves as networks do."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress

_CHUNK_BYTES = 4_096


class Proxy:
    """Forwards connections to a port of loopback.

    `mode` is "" for a good network, "closed" when connections end at once, "frozen" when nothing gets through, "slow"
    for 40 kB/s, and "torn" when connections are reset after 2 kB.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._mode = ""
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def mode(self) -> str:
        """How the network behaves."""
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        self._mode = mode
        for pair in list(self._pairs):
            if mode in {"closed", "torn"} or not mode:
                _reset(*pair)

    def close(self) -> None:
        """Accept no further connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._mode == "closed":
                    _reset(client)
                else:
                    threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target_port))
        except OSError:
            _reset(client)
            return
        pair = (client, server)
        self._pairs.add(pair)
        other_way = threading.Thread(target=self._forward, args=(server, client), daemon=True)
        other_way.start()
        self._forward(client, server)
        other_way.join()
        self._pairs.discard(pair)
        client.close()
        server.close()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        count = 0
        with suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                while self._mode == "frozen":
                    time.sleep(0.1)
                if self._mode == "slow":
                    time.sleep(len(data) / 40_000)
                count += len(data)
                if self._mode == "torn" and count > 2_000:
                    _reset(source, target)
                    return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def _reset(*connections: socket.socket) -> None:
    """End connections by a reset, as a router that fails does."""
    for connection in connections:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RDWR)
