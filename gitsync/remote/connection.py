"""Runs Git against one remote repository: one transport, one key, one list of hosts."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from gitsync.errors import GitsyncError, HostKeyMismatchError, MisconfiguredError, NotGitError, RemoteUnsupportedError
from gitsync.remote import host_keys, https, known_hosts, ssh
from gitsync.remote.addresses import Address
from gitsync.remote.git_errors import meaning
from gitsync.repository.process import Finished
from gitsync.repository.repository import Repository

#: The first packet of a Git server over HTTP, in the trace of a client.
_SMART_ANSWER = re.compile(r"packet: +git< (# service=git-upload-pack|version \d)")
_REF = re.compile(rb"[0-9a-f]{40}\t")
LS_REMOTE_SECONDS = 60.0
#: What Git may add to a path to find the repository.
_ENDINGS = ("", "/.git", ".git", ".git/.git")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The settings by which Git reaches a repository."""

    address: Address
    key_file: Path | None = None
    known_hosts_file: Path | None = None
    login: https.Login = https.NO_LOGIN
    #: The certificate authority of a remote over HTTPS; None for those that the system trusts.
    authority: Path | None = None

    def trust(self) -> None:
        """Derive the deploy key and pin the host key where the settings say how. Raises GitsyncError."""
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
        config: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run a Git command that talks to the repository. Raises GitsyncError when it fails."""
        finished = clone.run(
            *(command, *self.options(command), *arguments),
            stdin=stdin,
            environment=self.environment() | dict(environment or {}),
            config=config,
            seconds=seconds,
        )
        return self.check(clone, command, finished)

    def check(self, clone: Repository, command: str, finished: Finished) -> Finished:
        """Return a finished command. Raises GitsyncError when it failed."""
        if not finished.status:
            return finished
        error = meaning(command, finished, clone, mask=self.login.masked)
        raise self._with_fingerprints(error) if isinstance(error, HostKeyMismatchError) else error

    def _with_fingerprints(self, error: HostKeyMismatchError) -> HostKeyMismatchError:
        """Return the error with the fingerprint of the remote's host key and of the pinned one."""
        if self.known_hosts_file is None:
            return error
        host = (self.known_hosts_file, self.address.host, self.address.port)
        difference = host_keys.difference(str(error), *host)
        if fingerprints := settings.GITSYNC_SSH_HOST_FINGERPRINT:  # The host may use the second one of a rotation now.
            with suppress(GitsyncError):
                known_hosts.pin_fingerprints(*host, fingerprints)
        return HostKeyMismatchError(f"{difference}\n{error}")

    def check_smart_protocol(self, clone: Repository, trace: str) -> None:
        """Raise NotGitError or RemoteUnsupportedError unless the trace of a command has packets of a Git server."""
        if _SMART_ANSWER.search(trace):
            return
        refs = self.run(clone, "ls-remote", "--", self.address.url, seconds=LS_REMOTE_SECONDS).stdout
        if _REF.match(refs):
            raise RemoteUnsupportedError(f"{self.address.url} has static files (dumb HTTP), and is no Git server")
        # An empty body and a page in one line are a repository without branches, by the protocol for static files.
        raise NotGitError(f"{self.address.url} answers, but not as a Git server")

    def options(self, command: str) -> tuple[str, ...]:
        """Return the options of a Git command that let it use a path remote of another account.

        Git trusts such a repository only if its path is configured as safe, and passes no configuration of ours on to
        the program that opens it.
        """
        if self.address.transport != "file":
            return ()
        program = "receive-pack" if command == "push" else "upload-pack"
        path = self.address.url.rstrip("/")
        places = dict.fromkeys(f"{place}{ending}" for place in (path, os.path.realpath(path)) for ending in _ENDINGS)
        trusted = (word for place in places for word in ("-c", f"safe.directory={place}"))
        return (f"--{program}={shlex.join(['git', *trusted, program])}",)

    def environment(self) -> dict[str, str]:
        """Return the environment in which Git reaches this remote and nothing else."""
        transport = self.address.transport
        if transport in {"http", "https"}:
            options = https.environment(self.address, self.login, self.authority, settings.GITSYNC_HTTP_PROXY)
            return {"GIT_ALLOW_PROTOCOL": transport, **options}
        if transport != "ssh":
            return {"GIT_ALLOW_PROTOCOL": transport}
        if self.key_file is None:
            raise MisconfiguredError(
                "the deploy key is used for the host of GITSYNC_REMOTE only; clone this repository yourself "
                "(git clone --mirror) and give the path of that clone"
            )
        self.trust()
        problems = ssh.key_problems(self.key_file) + ssh.known_hosts_problems(self.known_hosts_file)
        if problems or self.known_hosts_file is None:
            raise MisconfiguredError("; ".join(problems))
        return {
            "GIT_ALLOW_PROTOCOL": "ssh",
            "GIT_SSH_VARIANT": "ssh",
            "GIT_SSH_COMMAND": ssh.command(self.key_file, self.known_hosts_file),
        }
