"""An SSH server with one Git repository that is accessible with one deploy key."""

import getpass
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers import git_repository
from tests.servers.process import ServerProcess, program


class Sshd(ServerProcess):
    """OpenSSH's own server as an ordinary process, with a bare repository `pastes.git` in its folder.

    By default it supports only Git's oldest protocol, as OpenSSH does without configuration.
    """

    def __init__(self, *, newest_protocol: bool = False) -> None:
        super().__init__()
        self._accepted = "AcceptEnv GIT_PROTOCOL\n" if newest_protocol else ""
        self.key_file = self._key("deploy_key")
        self.host_key_file = self._key("host_key")
        self.authorized_keys = self.folder / "authorized_keys"
        self.known_hosts_file = self.folder / "known_hosts"
        self.repository = self.folder / "pastes.git"
        git_repository.create(self.repository)
        self.authorize()
        self.pin()

    @property
    def url(self) -> str:
        """The value of GITSYNC_REMOTE."""
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.repository}"

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the host's key, in OpenSSH's format."""
        command = ["ssh-keygen", "-l", "-f", str(self.host_key_file.with_suffix(".pub"))]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1]

    def authorize(self) -> None:
        """Accept the deploy key."""
        shutil.copy(self.key_file.with_suffix(".pub"), self.authorized_keys)

    def revoke(self) -> None:
        """Accept no key."""
        self.authorized_keys.write_text("")

    def pin(self) -> None:
        """Write the server's host key to the known hosts file."""
        kind, key, *_ = self.host_key_file.with_suffix(".pub").read_text().split()
        self.known_hosts_file.write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")

    def change_host_key(self) -> None:
        """Give the server a different host key, which takes effect after a restart."""
        self.host_key_file = self._key("other_host_key")

    def command(self) -> Sequence[str]:
        if Path("/run").is_dir():
            Path("/run/sshd").mkdir(exist_ok=True)
        config = self.folder / "sshd_config"
        config.write_text(
            f"Port {self.port}\n"
            "ListenAddress 127.0.0.1\n"
            f"HostKey {self.host_key_file}\n"
            f"AuthorizedKeysFile {self.authorized_keys}\n"
            "PasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\n"
            "PermitRootLogin prohibit-password\n"
            "UsePAM no\n"
            "StrictModes no\n"
            f"PidFile {self.folder}/pid\n"
            f"{self._accepted}"
            'ForceCommand git-shell -c "$SSH_ORIGINAL_COMMAND"\n'
        )
        return [program("sshd"), "-D", "-e", "-f", str(config)]

    def _key(self, name: str) -> Path:
        file = self.folder / name
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(file)]
        subprocess.run(command, check=True)
        return file
