"""Runs Git against one remote repository, with one transport, one key and one known hosts file."""

from __future__ import annotations

import logging
import os
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from gitsync.errors import (
    GitsyncError,
    HostKeyMismatchError,
    MisconfiguredError,
    NotGitError,
    RemoteUnsupportedError,
    neutralize,
)
from gitsync.remote import host_keys, https, known_hosts, ssh
from gitsync.remote.addresses import Address
from gitsync.remote.git_errors import meaning
from gitsync.repository.process import Finished
from gitsync.repository.repository import Repository

logger = logging.getLogger(__name__)

#: The first packet from a Git server over HTTP, as it appears in the client's trace.
_SMART_ANSWER = re.compile(r"packet: +git< (# service=git-upload-pack|version \d)")
#: A forge's note that a renamed repository was accessed through its old address.
_MOVED_NOTE = re.compile(r"^remote: This repository moved\..*(\n^remote: .*){0,2}", re.MULTILINE)
_REF = re.compile(rb"[0-9a-f]{40}\t")
LS_REMOTE_SECONDS = 60.0
#: More than the trace of a server's first packets.
_TRACE_BYTES = 64 * 1024
#: Suffixes that Git may append to a path to find the repository.
_ENDINGS = ("", "/.git", ".git", ".git/.git")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The settings that Git needs to reach a repository."""

    address: Address
    key_file: Path | None = None
    known_hosts_file: Path | None = None
    login: https.Login = https.NO_LOGIN
    #: The certificate authority for a remote over HTTPS; None to use those trusted by the system.
    authority: Path | None = None

    def trust(self) -> None:
        """Derive the deploy key and pin the host key, if configured. Raises GitsyncError."""
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
        """Run a Git command that contacts the remote. Raise GitsyncError if it fails."""
        finished = clone.run(
            *(command, *self.options(command), *arguments),
            stdin=stdin,
            environment=self.environment() | dict(environment or {}),
            config=config,
            seconds=seconds,
        )
        return self.check(clone, command, finished)

    def check(self, clone: Repository, command: str, finished: Finished) -> Finished:
        """Return a finished command, or raise GitsyncError if it failed."""
        if not finished.status:
            if note := _MOVED_NOTE.search(finished.stderr):
                logger.warning(
                    "the repository has moved, but the forge redirects; set GITSYNC_REMOTE to its new address: %s",
                    neutralize(self.login.masked(note[0])),
                )
            return finished
        error = meaning(command, finished, clone, mask=self.login.masked)
        raise self._with_fingerprints(error) if isinstance(error, HostKeyMismatchError) else error

    def _with_fingerprints(self, error: HostKeyMismatchError) -> HostKeyMismatchError:
        """Return the error with the fingerprints of the remote's host key and of the pinned key."""
        if self.known_hosts_file is None:
            return error
        host = (self.known_hosts_file, self.address.host, self.address.port)
        difference = host_keys.difference(str(error), *host)
        if fingerprints := settings.GITSYNC_SSH_HOST_FINGERPRINT:  # The host may have rotated to the second key.
            with suppress(GitsyncError):
                known_hosts.pin_fingerprints(*host, fingerprints)
        return HostKeyMismatchError(f"{difference}\n{error}")

    def check_smart_protocol(self, clone: Repository, trace: Path) -> None:
        """Raise NotGitError or RemoteUnsupportedError unless a command's trace contains packets from a Git server.

        Raise OSError if the disk is full: Git then leaves no trace, which says nothing about the server.
        """
        if trace.exists() and _SMART_ANSWER.search(trace.read_text(errors="replace")):
            return
        trace.write_bytes(bytes(_TRACE_BYTES))
        refs = self.run(clone, "ls-remote", "--", self.address.url, seconds=LS_REMOTE_SECONDS).stdout
        if _REF.match(refs):
            raise RemoteUnsupportedError(f"{self.address.url} serves static files (dumb HTTP) and is not a Git server")
        # The dumb HTTP protocol takes an empty body or a one-line page for a repository without branches.
        raise NotGitError(f"{self.address.url} responds, but not as a Git server")

    def options(self, command: str) -> tuple[str, ...]:
        """Return the options that let a Git command use a local repository owned by another user.

        Git trusts such a repository only if its path is configured as safe, and it does not pass our configuration on
        to the program that opens the repository.
        """
        if self.address.transport != "file":
            return ()
        program = "receive-pack" if command == "push" else "upload-pack"
        path = self.address.url.rstrip("/")
        places = dict.fromkeys(f"{place}{ending}" for place in (path, os.path.realpath(path)) for ending in _ENDINGS)
        trusted = (word for place in places for word in ("-c", f"safe.directory={place}"))
        return (f"--{program}={shlex.join(['git', *trusted, program])}",)

    def environment(self) -> dict[str, str]:
        """Return an environment in which Git can reach this remote and nothing else."""
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
