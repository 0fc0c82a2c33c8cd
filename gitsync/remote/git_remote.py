"""Accesses one branch of the remote repository: gets its tip, fetches from it and pushes to it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from gitsync.errors import (
    CloneBrokenError,
    RemoteMovedError,
    RemoteUnreachableError,
)
from gitsync.models import PurgedText
from gitsync.remote import addresses, https, partial_clone
from gitsync.remote.addresses import Address
from gitsync.remote.connection import LS_REMOTE_SECONDS, Connection
from gitsync.remote.local_remote import LocalRemote
from gitsync.repository import history
from gitsync.repository.repository import TIP_REF, Repository

logger = logging.getLogger(__name__)

#: The number of seconds for a push, plus an extra second per PUSH_BYTES_PER_SECOND. A push may never go for
#: SILENCE_SECONDS without a progress message.
PUSH_SECONDS = 120.0
PUSH_BYTES_PER_SECOND = 64 * 1024
SILENCE_SECONDS = 300.0
FETCH_SECONDS = 600.0
FETCH_ALL_SECONDS = 6 * 3600.0
#: First-parent commits per stage when fetching the whole history, as Git keeps all objects of a fetch in memory.
STAGE_COMMITS = 50_000
_FETCH_OPTIONS = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")


@dataclass(frozen=True, kw_only=True)
class Remote(Connection):
    """One branch of one remote repository."""

    branch: str
    #: The default remote, which Pasteur created itself; None if GITSYNC_REMOTE is set.
    local: LocalRemote | None = None
    #: The bytes for which a push gets more time.
    push_bytes: int = 0

    @classmethod
    def configured(cls) -> Remote:
        """Return the configured remote. Raises MisconfiguredError."""
        address = addresses.configured()
        return cls(
            address=address,
            branch=settings.GITSYNC_BRANCH,
            key_file=settings.GITSYNC_SSH_KEY_FILE,
            known_hosts_file=settings.GITSYNC_SSH_KNOWN_HOSTS_FILE,
            local=LocalRemote(Path(address.url)) if settings.GITSYNC_IS_DEFAULT_REMOTE else None,
            login=https.Login(settings.GITSYNC_HTTP_USER, settings.GITSYNC_HTTP_TOKEN),
            authority=settings.GITSYNC_HTTP_CA_FILE,
        )

    def at(self, address: Address, branch: str = "") -> Remote:
        """Return another repository to read from.

        The deploy key and token are used for it only if the transport, host and port are the same.
        """
        remote = replace(self, address=address, branch=branch or self.branch, local=None)
        if address.place == self.address.place:
            return remote
        return replace(remote, key_file=None, login=https.NO_LOGIN)

    def with_push_bytes(self, push_bytes: int) -> Remote:
        """Return this remote, with more time to push the given number of bytes."""
        return replace(self, push_bytes=push_bytes)

    @property
    def ref(self) -> str:
        """The full name of the branch."""
        return f"refs/heads/{self.branch}"

    def tip(self, clone: Repository) -> str:
        """Return the commit that the branch points to, or an empty string if the branch does not exist."""
        if self.local:
            return self.local.tip(self.ref)
        refs = self.list_refs(clone, "--", self.address.url, self.ref)
        return next((oid for oid, name in refs if name == self.ref), "")

    def list_refs(self, clone: Repository, *arguments: str) -> list[tuple[str, str]]:
        """Return (id, ref) for each line printed by `git ls-remote` with these arguments.

        Over HTTP, raise NotGitError if the response is not from a Git server, and RemoteUnsupportedError for static
        files: Git can read refs from them but cannot push packs, and starts endless processes if an object is missing.
        """
        packets = clone.path / "pasteur-packets"
        packets.unlink(missing_ok=True)
        environment = {"GIT_TRACE_PACKET": str(packets.absolute())}
        finished = self.run(clone, "ls-remote", *arguments, seconds=LS_REMOTE_SECONDS, environment=environment)
        lines = finished.stdout.decode(errors="replace").splitlines()
        refs = [(oid, name) for oid, _, name in (line.partition("	") for line in lines)]
        if self.address.transport in {"http", "https"}:
            self.check_smart_protocol(clone, packets)
        packets.unlink(missing_ok=True)
        if broken := next((name for oid, name in refs if oid and not oid.strip("0")), ""):
            raise RemoteUnreachableError(f"the remote cannot read its {broken}")  # An empty file, after a power cut.
        return refs

    def fetch(self, clone: Repository, last_tip: str | None = None, *, whole_tree: bool = False) -> str:
        """Fetch what a drain needs to continue from `last_tip`, the tip stored in the database; return the current tip.

        An empty clone starts with the commit `last_tip` and the top levels of its tree, or with the whole tree if
        `whole_tree` is true or others have pushed. Blobs are fetched only for later commits. The whole history is
        fetched if `last_tip` is None or not an ancestor of the tip, or if the server does not support anything less.
        """
        if self.local:
            self.local.share_objects(clone)
        else:
            clone.borrow(None)
        is_new = not self.local and partial_clone.is_empty(clone)
        if is_new and last_tip and not whole_tree and self._start_shallow(clone, self.ref, partial_clone.TOP_TREES):
            tip = clone.resolve(TIP_REF)
        else:
            tip = self.tip(clone)
        if not tip or (clone.has(tip) and not partial_clone.is_shallow(clone)):
            return tip
        if last_tip and (whole_tree or last_tip != tip) and partial_clone.lacks_trees(clone):
            logger.info("the clone lacks most trees, which are fetched now")
            clone.recreate()
        if last_tip and not self.local and partial_clone.is_empty(clone):
            self._start_shallow(clone, self.ref if last_tip == tip else last_tip, partial_clone.NO_BLOBS)
        if partial_clone.is_shallow(clone):
            return self._fetch_since(clone, last_tip or "", tip)
        if not clone.has(tip):
            if last_tip and partial_clone.is_empty(clone):
                logger.warning("the remote does not support shallow clones, so the whole history is fetched")
            self._fetch_branch(clone)
            tip = clone.resolve(TIP_REF)
        return tip

    def fetch_trees(self, clone: Repository, tip: str, folders: Iterable[str]) -> None:
        """Fetch the missing trees on the paths to these folders in the commit `tip`.

        Raise RemoteMovedError if the server does not send individual trees and the branch has moved from `tip`.
        """
        missing = partial_clone.missing_trees(clone, tip, folders) if tip and partial_clone.lacks_trees(clone) else []
        if not missing:
            return
        try:
            self._fetch_objects(clone, missing)
        except (RemoteUnreachableError, CloneBrokenError) as error:
            logger.warning("the remote does not send individual trees, so the whole tree is fetched: %s", error)
            if self.fetch(clone, tip, whole_tree=True) != tip:
                raise RemoteMovedError("the branch moved while its tree was fetched") from None

    def fetch_all(self, clone: Repository) -> str:
        """Fetch the branch with its whole history and all blobs; return its tip."""
        if self.local:
            return self.fetch(clone)
        if not self.tip(clone):
            return ""
        self._fetch_branch(clone)
        return clone.resolve(TIP_REF)

    def unshallow(self, clone: Repository) -> str:
        """Fetch the whole history and all blobs if the clone is shallow; return the branch's tip."""
        if not partial_clone.is_shallow(clone):
            return self.tip(clone)
        logger.info("the clone lacks old history, which is fetched now")
        clone.recreate()
        return self.fetch_all(clone)

    def push(self, clone: Repository, *, old: str, new: str) -> None:
        """Atomically move the branch from `old` to `new`.

        Raise RemoteMovedError if the branch is no longer at `old`. After RemoteTimeoutError, the result is unknown: the
        server may still apply the push, so get its tip before doing anything else.
        """
        if self.local:
            self.local.receive(clone, self.ref, old=old, new=new)
            return
        # If the clone is shallow, Git would read the whole tree of the old tip to build a thin pack.
        pack_options = ("--no-thin",) if partial_clone.is_shallow(clone) else ()
        lease = f"--force-with-lease={self.ref}:{old}"
        arguments = ("--porcelain", "--no-verify", *pack_options, lease, "--", self.address.url, f"{new}:{self.ref}")
        finished = clone.run_with_progress(
            *("push", *self.options("push"), "--progress", *arguments),
            environment=self.environment(),
            seconds=PUSH_SECONDS + self.push_bytes / PUSH_BYTES_PER_SECOND,
            silence=SILENCE_SECONDS,
        )
        self.check(clone, "push", finished)

    def prepare(self) -> None:
        """Create the default remote if it is missing."""
        if self.local:
            self.local.create(self.branch)

    def sweep(self) -> None:
        """Remove what killed processes left behind in the default remote."""
        if self.local:
            self.local.sweep()

    def maintain(self) -> None:
        """Maintain the default remote; any other remote is maintained by its owner."""
        if self.local:
            self.local.maintain()

    def tidy(self) -> None:
        """Merge small packs in the default remote."""
        if self.local:
            self.local.tidy()

    def prune(self) -> None:
        """Delete unreachable objects from the default remote."""
        if self.local:
            self.local.prune()

    def _start_shallow(self, clone: Repository, source: str, object_filter: str) -> bool:
        """Fetch one commit, filtered; if the server does not support that, leave the clone empty and return False."""
        try:
            if object_filter == partial_clone.TOP_TREES:
                partial_clone.mark_lacking_trees(clone)
            refspec = f"+{source}:{TIP_REF}"
            self._fetch_filtered(clone, "--depth=1", partial_clone.REMOTE, refspec, object_filter=object_filter)
            if object_filter == partial_clone.TOP_TREES:
                partial_clone.unmark_if_complete(clone, TIP_REF)
        except (RemoteUnreachableError, CloneBrokenError) as error:
            logger.warning("the remote does not support clones with --depth=1 --filter=%s: %s", object_filter, error)
            clone.recreate()
            return False
        return True

    def _fetch_since(self, clone: Repository, last_tip: str, tip: str) -> str:
        """Fetch what was pushed since `last_tip` into a shallow clone, or everything if the server lacks support."""
        try:
            if not clone.has(tip):
                self._fetch_filtered(clone, partial_clone.REMOTE, f"+{self.ref}:{TIP_REF}")
                tip = clone.resolve(TIP_REF)
            if last_tip == tip:
                return tip
            if last_tip and partial_clone.has_history(clone, last_tip, tip):
                needs_blobs = settings.GITSYNC_READ_BACK or PurgedText.objects.exists()
                if missing := partial_clone.missing_blobs(clone, last_tip, tip) if needs_blobs else []:
                    self._fetch_objects(clone, missing)
                return tip
        except (RemoteUnreachableError, CloneBrokenError) as error:
            logger.warning("the remote does not send individual blobs: %s", error)
        return self.unshallow(clone)

    def _fetch_branch(self, clone: Repository) -> None:
        """Fetch the branch with its whole history and all blobs, in stages if the clone is empty."""
        is_new = partial_clone.is_empty(clone)
        seconds = FETCH_ALL_SECONDS if is_new or partial_clone.is_shallow(clone) else FETCH_SECONDS
        for number, stop in enumerate(self._stages(clone) if is_new else (), start=1):
            try:
                self._fetch_unfiltered(clone, stop, seconds=FETCH_ALL_SECONDS)
            except (RemoteUnreachableError, CloneBrokenError) as error:
                logger.warning("stage %d of the history cannot be fetched on its own: %s", number, error)
                break
            logger.info("fetched stage %d of the history, up to %s", number, stop[:10])
        self._fetch_unfiltered(clone, self.ref, seconds=seconds)

    def _stages(self, clone: Repository) -> list[str]:
        """Return the newest commit of every stage except the last, after fetching only commits into an empty clone.

        Afterwards the clone is empty again, unless the server ignored the filter and sent everything.
        """
        try:
            refspec = f"+{self.ref}:{TIP_REF}"
            self._fetch_filtered(clone, partial_clone.REMOTE, refspec, object_filter=partial_clone.NO_TREES)
            if partial_clone.unmark_if_unfiltered(clone, TIP_REF):
                return []
            stops = history.chunks(clone, TIP_REF, STAGE_COMMITS)
        except (RemoteUnreachableError, CloneBrokenError) as error:
            logger.warning(
                "the remote does not send commits on their own, so the whole history is fetched at once: %s", error
            )
            stops = []
        clone.recreate()
        return stops[:-1]

    def _fetch_objects(self, clone: Repository, oids: Iterable[str]) -> None:
        """Fetch individual objects, and the trees below them, in one request."""
        listing = "".join(f"{oid}\n" for oid in oids).encode()
        self._fetch_filtered(clone, "--stdin", partial_clone.REMOTE, stdin=listing)

    def _fetch_unfiltered(self, clone: Repository, source: str, *, seconds: float) -> None:
        arguments = (*_FETCH_OPTIONS, "--", self.address.url, f"+{source}:{TIP_REF}")
        self.run(clone, "fetch", *arguments, seconds=seconds)

    def _fetch_filtered(
        self, clone: Repository, *arguments: str, stdin: bytes = b"", object_filter: str = partial_clone.NO_BLOBS
    ) -> None:
        config = partial_clone.config(self.address.url, object_filter, as_if_empty=bool(stdin))
        self.run(clone, "fetch", *_FETCH_OPTIONS, *arguments, seconds=FETCH_SECONDS, stdin=stdin, config=config)
