"""The remote: how it is reached, what it is asked, and what its answers mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from gitsync import addresses, hostkeys, http, ssh, trust
from gitsync.addresses import Address
from gitsync.errors import (
    AccessDeniedError,
    CertificateError,
    CloneBrokenError,
    DiskFullError,
    GitsyncError,
    HostKeyMismatchError,
    MisconfiguredError,
    RemoteMovedError,
    RemoteRefusedError,
    RemoteUnreachableError,
)
from gitsync.mirror import TIP_REF, Clone
from gitsync.own_remote import OwnRemote
from gitsync.processes import NO_SPACE, Finished

#: The longest that a push may take, in seconds, whatever the remote does.
PUSH_SECONDS = 120.0
FETCH_SECONDS = 600.0
FETCH_ALL_SECONDS = 6 * 3600.0
ASK_SECONDS = 60.0
_WORDS_KEPT = 1_000

#: What SSH and Git say, and what it means; the first that matches counts.
_MEANINGS: tuple[tuple[str, type[GitsyncError]], ...] = (
    (r"Host key verification failed|host key is known|HOST IDENTIFICATION HAS CHANGED", HostKeyMismatchError),
    (
        r"Permission denied|access denied|not authorized|Write access.*not granted|read.only|returned error: 40[13]"
        r"|Authentication failed|could not read (Username|Password)|service not enabled",
        AccessDeniedError,
    ),
    (r"[Ss][Ss][Ll] certificate|certificate verification failed|certificate subject name", CertificateError),
    (r"returned error: 413|Request Entity Too Large", RemoteRefusedError),
    (
        r"[Cc]onnection (refused|reset|closed|timed out)|resolve host|[Tt]imeout|No route|Network is",
        RemoteUnreachableError,
    ),
    (
        r"not appear to be a git repository|[Rr]epository not found|does not exist|not a git repo",
        RemoteUnreachableError,
    ),
)
#: What Git says of the clone itself, in lines that are not the remote's.
_BROKEN = re.compile(
    r"bad object|object .*(corrupt|is empty|missing)|packfile|unable to read|[Cc]ould not read [0-9a-f]{40}|bad tree"
    r"|reference broken|bad config|bad ref|index-pack (failed|died|output)|inflate"
    r"|unresolved delta|not a valid object|pack has|invalid sha1 pointer"
)
_MOVED = re.compile(r"stale info|fetch first|non-fast-forward|failed to update ref|cannot lock ref|incorrect old value")


@dataclass(frozen=True)
class Remote:
    """One branch of one remote repository."""

    address: Address
    branch: str
    key_file: Path | None = None
    known_hosts_file: Path | None = None
    #: The bare repository that Pasteur made itself, when this is it.
    own: OwnRemote | None = None
    login: http.Login = http.NO_LOGIN
    #: The file of who may sign the certificate of a remote over HTTPS; without one, whom the system trusts.
    authority: Path | None = None

    @classmethod
    def configured(cls) -> Remote:
        """Return the remote that the settings name. Raises MisconfiguredError."""
        address = addresses.configured()
        return cls(
            address=address,
            branch=settings.GITSYNC_BRANCH,
            key_file=settings.GITSYNC_SSH_KEY_FILE,
            known_hosts_file=settings.GITSYNC_SSH_KNOWN_HOSTS_FILE,
            own=OwnRemote(Path(address.url)) if settings.GITSYNC_IS_DEFAULT_REMOTE else None,
            login=http.Login(settings.GITSYNC_HTTP_USER, settings.GITSYNC_HTTP_TOKEN),
            authority=settings.GITSYNC_HTTP_CA_FILE,
        )

    def elsewhere(self, address: Address, branch: str = "") -> Remote:
        """Return another repository, to be read; our key and our token go along only to the host that they are for."""
        other = replace(self, address=address, branch=branch or self.branch, own=None)
        if address.place == self.address.place:
            return other
        return replace(other, key_file=None, login=http.NO_LOGIN)

    @property
    def ref(self) -> str:
        """The full name of the branch."""
        return f"refs/heads/{self.branch}"

    def tip(self, clone: Clone) -> str:
        """Return the commit that the branch points at now, or the empty string when there is no such branch."""
        if self.own:
            return self.own.tip(self.ref)
        finished = self._run(clone, "ls-remote", "--", self.address.url, self.ref, seconds=ASK_SECONDS)
        for line in finished.stdout.decode().splitlines():
            oid, _, name = line.partition("\t")
            if name == self.ref:
                return oid
        return ""

    def fetch(self, clone: Clone) -> str:
        """Bring the branch's history into the clone where it is missing, and return the branch's tip."""
        if self.own:
            self.own.lend_to(clone)
        else:
            clone.borrow(None)
        tip = self.tip(clone)
        if not tip or clone.has(tip):
            return tip
        refspec = f"+{self.ref}:{TIP_REF}"
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
        self._run(clone, "fetch", *options, "--", self.address.url, refspec, seconds=FETCH_SECONDS)
        return clone.resolve(TIP_REF)

    def fetch_all(self, clone: Clone) -> str:
        """Bring the branch with all its history and every text into the clone, and return its tip."""
        if self.own:
            return self.fetch(clone)
        tip = self.tip(clone)
        if tip:
            refspec = f"+{self.ref}:{TIP_REF}"
            options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
            self._run(clone, "fetch", *options, "--", self.address.url, refspec, seconds=FETCH_ALL_SECONDS)
            tip = clone.resolve(TIP_REF)
        return tip

    def push(self, clone: Clone, *, old: str, new: str) -> None:
        """Move the branch from `old` to `new`, or not at all.

        Raises RemoteMovedError when it no longer stands at `old`. After RemoteTimeoutError nobody knows: the remote
        may still apply what it was sent, so its tip has to be asked for before anything else.
        """
        if self.own:
            self.own.take(clone, self.ref, old=old, new=new)
            return
        lease = f"--force-with-lease={self.ref}:{old}"
        refspec = f"{new}:{self.ref}"
        options = ("--porcelain", "--no-verify", lease)
        self._run(clone, "push", *options, "--", self.address.url, refspec, seconds=PUSH_SECONDS)

    def prepare(self) -> None:
        """Make the repository of the default remote when it is missing; one that was named has to be there."""
        if self.own:
            self.own.make(self.branch)

    def trust(self) -> None:
        """Get the deploy key and the pinned host in place where the settings say how. Raises GitsyncError."""
        if self.address.transport == "ssh" and self.key_file and self.known_hosts_file:
            trust.ensure_key(self.key_file)
            trust.ensure_pins(self.known_hosts_file, self.address.host, self.address.port)

    def sweep(self) -> None:
        """Remove what a process that was killed left in the default remote, where nobody else would."""
        if self.own:
            self.own.sweep()

    def maintain(self) -> None:
        """Maintain the default remote; one that was named is kept by who named it."""
        if self.own:
            self.own.maintain()

    def tidy(self) -> None:
        """Keep the default remote fast; one that was named is kept by who named it."""
        if self.own:
            self.own.tidy()

    def prune(self) -> None:
        """Delete from the default remote what no branch reaches; one that was named is kept by who named it."""
        if self.own:
            self.own.prune()

    def _run(self, clone: Clone, command: str, *arguments: str, seconds: float) -> Finished:
        finished = clone.run(command, *arguments, environment=self._environment(), seconds=seconds)
        if finished.status:
            raise self._explained(_meaning(command, finished, clone, mask=self.login.masked))
        return finished

    def _explained(self, error: GitsyncError) -> GitsyncError:
        """Return the error, with both fingerprints when the remote shows another host key than the one pinned."""
        if not isinstance(error, HostKeyMismatchError) or self.known_hosts_file is None:
            return error
        where = (self.known_hosts_file, self.address.host, self.address.port)
        seen = hostkeys.difference(str(error), *where)
        if named := settings.GITSYNC_SSH_HOST_FINGERPRINT:  # The host may have come to the second one of a rotation.
            with suppress(GitsyncError):
                trust.pin_named(*where, named)
        return HostKeyMismatchError(f"{seen}\n{error}")

    def _environment(self) -> dict[str, str]:
        """Return what Git needs to reach this remote and nothing else: one transport, one key, one list of hosts."""
        transport = self.address.transport
        if transport in {"http", "https"}:
            return {"GIT_ALLOW_PROTOCOL": transport, **http.environment(self.address, self.login, self.authority)}
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


def _meaning(command: str, finished: Finished, clone: Clone, *, mask: Callable[[str], str]) -> GitsyncError:
    """Return what a failed command means, with the remote's own words, in which `mask` hides our secrets."""
    refused = [line for line in finished.stdout.decode(errors="replace").splitlines() if line.startswith("!")]
    words = mask("\n".join([*refused, finished.stderr]).strip())[-_WORDS_KEPT:]
    if refused:
        return RemoteMovedError(words) if _MOVED.search(refused[0]) else RemoteRefusedError(words)
    ours = "\n".join(line for line in words.splitlines() if not line.startswith("remote:"))
    if NO_SPACE.search(ours):
        return DiskFullError(words)
    if _BROKEN.search(ours) or re.search(rf"{re.escape(str(clone.path))}[/']", ours):
        return CloneBrokenError(words)
    for pattern, kind in _MEANINGS:
        if re.search(pattern, words):
            return kind(words)
    return RemoteUnreachableError(words or f"git {command} ended with status {finished.status}")
