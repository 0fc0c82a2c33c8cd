"""A Redis server of its own."""

from collections.abc import Sequence

from tests.servers.process import Server, program


class Redis(Server):
    """Redis without anything on disk."""

    @property
    def url(self) -> str:
        """The value of CELERY_BROKER_URL and CACHE_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        """Return the command line."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        return [program("redis-server"), *options]
