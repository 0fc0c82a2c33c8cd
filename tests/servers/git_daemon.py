"""Git's own server for git://, which lets everybody read and write."""

import subprocess
from collections.abc import Sequence

from tests.servers.process import Server


class GitDaemon(Server):
    """`git daemon` with a bare repository `pastes.git` in its folder."""

    def __init__(self) -> None:
        super().__init__()
        self.repository = self.folder / "pastes.git"
        git = ["git", "init", "--bare", "--quiet", "--initial-branch=main", str(self.repository)]
        subprocess.run(git, check=True)

    @property
    def url(self) -> str:
        """The value of GITSYNC_REMOTE."""
        return f"git://127.0.0.1:{self.port}/pastes.git"

    def command(self) -> Sequence[str]:
        """Return the command line."""
        where = [f"--base-path={self.folder}", "--listen=127.0.0.1", f"--port={self.port}"]
        return ["git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack", *where]
