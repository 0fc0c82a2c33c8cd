"""A Redis server."""

from collections.abc import Sequence

import redis

from tests.servers.process import ServerProcess, program


class Redis(ServerProcess):
    """Redis without persistence."""

    @property
    def url(self) -> str:
        """The value of CELERY_BROKER_URL and CACHE_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        return [program("redis-server"), *options]

    def execute(self, *command: str) -> str:
        """Execute a Redis command and return its response."""
        with redis.Redis(port=self.port, decode_responses=True) as client:
            answer = client.execute_command(*command)
            return answer if isinstance(answer, str) else repr(answer)
