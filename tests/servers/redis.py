"""A Redis server of its own."""

from collections.abc import Sequence

import redis

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

    def ask(self, *words: str) -> str:
        """Send one command and return the answer."""
        with redis.Redis(port=self.port, decode_responses=True) as client:
            answer = client.execute_command(*words)
            return answer if isinstance(answer, str) else repr(answer)
