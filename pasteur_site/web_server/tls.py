"""The TLS context of a web process. It takes new files by itself; connections that are open keep the old ones."""

import ssl
from pathlib import Path
from typing import Any

from gunicorn import sock


class TlsContext:
    """A context from gunicorn's certfile and keyfile, made anew when one of them has changed."""

    def __init__(self, config: Any, log: Any) -> None:
        self._config, self._log = config, log
        self._files = [Path(name) for name in (config.certfile, config.keyfile) if name]
        self._version = self._read_version()
        self.current = self._load()

    def refresh(self) -> None:
        """Load the files if they have changed; keep the context if they cannot be used."""
        version = self._read_version()
        if version == self._version:
            return
        self._version = version
        try:
            self.current = self._load()
        except (OSError, ValueError) as error:  # TLS errors are OSErrors. Half of two files may be new.
            self._log.warning("The changed certificate cannot be used: %s", error)

    def _load(self) -> ssl.SSLContext:
        context: ssl.SSLContext = sock.ssl_context(self._config)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _read_version(self) -> list[tuple[int, int, int]]:
        try:
            return [(status.st_ino, status.st_mtime_ns, status.st_size) for status in map(Path.stat, self._files)]
        except OSError:
            return []  # It is being replaced.
