"""How one repository elsewhere is reached, and Git run against it: one transport, one key, one list of hosts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from gitsync.errors import GitsyncError, HostKeyMismatchError, MisconfiguredError
from gitsync.remote import host_keys, https, known_hosts, ssh
from gitsync.remote.addresses import Address
from gitsync.remote.git_errors import meaning
from gitsync.repository.process import Finished
from gitsync.repository.repository import Repository


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What Git needs to reach a repository."""

    address: Address
    key_file: Path | None = None
    known_hosts_file: Path | None = None
    login: https.Login = https.NO_LOGIN
    #: The file of who may sign the certificate of a remote over HTTPS; without one, whom the system trusts.
    authority: Path | None = None

    def trust(self) -> None:
        """Get the deploy key and the pinned host in place where the settings say how. Raises GitsyncError."""
        if self.address.transport == "ssh" and self.key_file and self.known_hosts_file:
            known_hosts.ensure_key(self.key_file)
            known_hosts.ensure_pins(self.known_hosts_file, self.address.host, self.address.port)

    def run(
        self,
        clone: Repository,
        command: str,
        *arguments: str,
        seconds: float,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run a Git command that talks to the repository, and has to succeed. Raises GitsyncError."""
        told = environment or self.environment()
        finished = clone.run(command, *arguments, stdin=stdin, environment=told, seconds=seconds)
        return self.checked(clone, command, finished)

    def checked(self, clone: Repository, command: str, finished: Finished) -> Finished:
        """Return what came of a command. Raises GitsyncError when it failed."""
        if finished.status:
            raise self._explained(meaning(command, finished, clone, mask=self.login.masked))
        return finished

    def _explained(self, error: GitsyncError) -> GitsyncError:
        """Return the error, with both fingerprints when the remote shows another host key than the one pinned."""
        if not isinstance(error, HostKeyMismatchError) or self.known_hosts_file is None:
            return error
        where = (self.known_hosts_file, self.address.host, self.address.port)
        seen = host_keys.difference(str(error), *where)
        if named := settings.GITSYNC_SSH_HOST_FINGERPRINT:  # The host may have come to the second one of a rotation.
            with suppress(GitsyncError):
                known_hosts.pin_named(*where, named)
        return HostKeyMismatchError(f"{seen}\n{error}")

    def environment(self) -> dict[str, str]:
        """Return what Git needs to reach this remote and nothing else: one transport, one key, one list of hosts."""
        transport = self.address.transport
        if transport in {"http", "https"}:
            return {"GIT_ALLOW_PROTOCOL": transport, **https.environment(self.address, self.login, self.authority)}
        if transport != "ssh":
            return {"GIT_ALLOW_PROTOCOL": transport}
        if self.key_file is None:
            raise MisconfiguredError(
                "the deploy key is shown to the host of GITSYNC_REMOTE alone; clone this repository yourself "
                "(git clone --mirror) and name the path of the clone"
            )
        key_file, known_hosts_file = self._trusted_files()
        return {
            "GIT_ALLOW_PROTOCOL": "ssh",
            "GIT_SSH_VARIANT": "ssh",
            "GIT_SSH_COMMAND": ssh.command(key_file, known_hosts_file),
        }

    def _trusted_files(self) -> tuple[Path, Path]:
        """Return key and known hosts. Raises MisconfiguredError when one of them cannot be used safely."""
        self.trust()
        problems = ssh.key_problems(self.key_file) + ssh.known_hosts_problems(self.known_hosts_file)
        if problems or self.key_file is None or self.known_hosts_file is None:
            raise MisconfiguredError("; ".join(problems))
        return self.key_file, self.known_hosts_file
