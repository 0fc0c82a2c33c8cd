"""`git daemon`, the server for git://: reads and writes require no login."""

from collections.abc import Sequence

from tests.servers import git_repository
from tests.servers.process import ServerProcess


class GitDaemon(ServerProcess):
    """`git daemon` with a bare repository `pastes.git` in its folder."""

    def __init__(self) -> None:
        super().__init__()
        self.repository = self.folder / "pastes.git"
        git_repository.create(self.repository)

    @property
    def url(self) -> str:
        """The value of GITSYNC_REMOTE."""
        return f"git://127.0.0.1:{self.port}/pastes.git"

    def command(self) -> Sequence[str]:
        where = [f"--base-path={self.folder}", "--listen=127.0.0.1", f"--port={self.port}"]
        return ["git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack", *where]
