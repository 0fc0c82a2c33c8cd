"""The remote: how it is reached, and what it is asked."""

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
from gitsync.remote.connection import Connection
from gitsync.remote.local_remote import OwnRemote
from gitsync.repository import history
from gitsync.repository.repository import TIP_REF, Repository

logger = logging.getLogger(__name__)

#: The longest that a push of what was pending may take, in seconds, whatever the remote does.
PUSH_SECONDS = 120.0
#: A rewritten history has a second more for each so many bytes, but never so many seconds without a word of how far it
#: is: what takes that long is not on its way, or the remote hangs.
BYTES_A_SECOND = 64 * 1024
SILENCE_SECONDS = 300.0
FETCH_SECONDS = 600.0
FETCH_ALL_SECONDS = 6 * 3600.0
ASK_SECONDS = 60.0
#: So many commits, and what others have merged into them, are fetched at once where all of the history is.
STAGE = 50_000
_QUIETLY = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")


@dataclass(frozen=True, kw_only=True)
class Remote(Connection):
    """One branch of one remote repository."""

    branch: str
    #: The bare repository that Pasteur made itself, when this is it.
    own: OwnRemote | None = None
    #: What a push has to send when that is a rewritten history, in bytes; else nothing.
    sends_bytes: int = 0

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
            login=https.Login(settings.GITSYNC_HTTP_USER, settings.GITSYNC_HTTP_TOKEN),
            authority=settings.GITSYNC_HTTP_CA_FILE,
        )

    def elsewhere(self, address: Address, branch: str = "") -> Remote:
        """Return another repository, to be read; our key and our token go along only to the host that they are for."""
        other = replace(self, address=address, branch=branch or self.branch, own=None)
        if address.place == self.address.place:
            return other
        return replace(other, key_file=None, login=https.NO_LOGIN)

    def sending(self, size_bytes: int) -> Remote:
        """Return this remote for the push of a rewritten history, which takes longer the more there is to be sent."""
        return replace(self, sends_bytes=size_bytes)

    @property
    def ref(self) -> str:
        """The full name of the branch."""
        return f"refs/heads/{self.branch}"

    def tip(self, clone: Repository) -> str:
        """Return the commit that the branch points at now, or the empty string when there is no such branch."""
        if self.own:
            return self.own.tip(self.ref)
        return next((oid for oid, name in self.refs(clone, "--", self.address.url, self.ref) if name == self.ref), "")

    def refs(self, clone: Repository, *arguments: str) -> list[tuple[str, str]]:
        """Return what `git ls-remote` says with these arguments: ids, each with the name of what points at it."""
        told = self.run(clone, "ls-remote", *arguments, seconds=ASK_SECONDS).stdout.decode(errors="replace")
        return [(oid, name) for oid, _, name in (line.partition("\t") for line in told.splitlines())]

    def fetch(self, clone: Repository, known: str | None = None, *, whole_tree: bool = False) -> str:
        """Bring into the clone what is missing there to go on from `known`, and return the branch's tip.

        An empty clone is started thin where `known` says where the branch stood: with that commit alone, and nothing of
        its tree but the way to all pastes, unless `whole_tree` is asked for or somebody else has pushed. What was
        pushed since then comes with its texts. All of the history comes where nothing is known, where the branch does
        not go on from there, or where the remote can do no better.
        """
        if self.own:
            self.own.lend_to(clone)
        else:
            clone.borrow(None)
        is_new = not self.own and partial_clone.is_empty(clone)
        if is_new and known and not whole_tree and self._start_thin(clone, self.ref, partial_clone.TWO_LETTERS):
            tip = clone.resolve(TIP_REF)
        else:
            tip = self.tip(clone)
        if not tip or (clone.has(tip) and not partial_clone.is_thin(clone)):
            return tip
        if known and (whole_tree or known != tip) and partial_clone.lacks_trees(clone):
            logger.info("the clone was started without most of the tree, which is fetched now")
            partial_clone.empty(clone)
        if known and not self.own and partial_clone.is_empty(clone):
            self._start_thin(clone, self.ref if known == tip else known, partial_clone.NO_TEXTS)
        if partial_clone.is_thin(clone):
            return self._go_on(clone, known or "", tip)
        if not clone.has(tip):
            if known and partial_clone.is_empty(clone):
                logger.warning("the remote gives no clone without old history, so all of it is fetched")
            self._bring(clone)
            tip = clone.resolve(TIP_REF)
        return tip

    def fetch_way(self, clone: Repository, tip: str, folders: Iterable[str]) -> None:
        """Bring into the clone the trees on the way to these folders of the commit `tip`, as far as they are missing.

        Raises RemoteMovedError when the branch is not at `tip` any more, and the remote gives no single trees.
        """
        missing = partial_clone.missing_trees(clone, tip, folders) if tip and partial_clone.lacks_trees(clone) else []
        if not missing:
            return
        try:
            self._bring_named(clone, missing)
        except (RemoteUnreachableError, CloneBrokenError) as error:
            logger.warning("the remote gives no single trees, so the whole tree is fetched: %s", error)
            if self.fetch(clone, tip, whole_tree=True) != tip:
                raise RemoteMovedError("the branch moved while its tree was fetched") from None

    def fetch_all(self, clone: Repository) -> str:
        """Bring the branch with all its history and every text into the clone, and return its tip."""
        if self.own:
            return self.fetch(clone)
        tip = self.tip(clone)
        if tip:
            self._bring(clone)
            tip = clone.resolve(TIP_REF)
        return tip

    def complete(self, clone: Repository) -> str:
        """Fetch all of the history and every text when the clone was started thin, and return the branch's tip."""
        if not partial_clone.is_thin(clone):
            return self.tip(clone)
        logger.info("the clone was started without old history, which is fetched now")
        partial_clone.empty(clone)
        return self.fetch_all(clone)

    def push(self, clone: Repository, *, old: str, new: str) -> None:
        """Move the branch from `old` to `new`, or not at all.

        Raises RemoteMovedError when it no longer stands at `old`. After RemoteTimeoutError nobody knows: the remote
        may still apply what it was sent, so its tip has to be asked for before anything else.
        """
        if self.own:
            self.own.take(clone, self.ref, old=old, new=new)
            return
        lease = f"--force-with-lease={self.ref}:{old}"
        refspec = f"{new}:{self.ref}"
        # For a thin pack, Git would read the whole tree of the old tip, if the clone is thin.
        packed = ("--no-thin",) if partial_clone.is_thin(clone) else ()
        options = ("--porcelain", "--no-verify", *packed, lease, "--", self.address.url, refspec)
        if not self.sends_bytes:
            self.run(clone, "push", *options, seconds=PUSH_SECONDS)
            return
        finished = clone.run_talking(
            *("push", "--progress", *options),
            environment=self.environment(),
            seconds=PUSH_SECONDS + self.sends_bytes / BYTES_A_SECOND,
            silence=SILENCE_SECONDS,
        )
        self.checked(clone, "push", finished)

    def prepare(self) -> None:
        """Make the repository of the default remote when it is missing; one that was named has to be there."""
        if self.own:
            self.own.make(self.branch)

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

    def _start_thin(self, clone: Repository, what: str, wanted: str) -> bool:
        """Bring one commit with such a part of its tree, or leave the clone empty when the remote cannot give that."""
        try:
            if wanted == partial_clone.TWO_LETTERS:
                partial_clone.expect_no_trees(clone)
            self._bring_without_texts(clone, "--depth=1", partial_clone.REMOTE, f"+{what}:{TIP_REF}", wanted=wanted)
            if wanted == partial_clone.TWO_LETTERS:
                partial_clone.look_for_trees(clone, TIP_REF)
        except (RemoteUnreachableError, CloneBrokenError) as error:
            logger.warning("the remote gives no clone by --depth=1 --filter=%s: %s", wanted, error)
            partial_clone.empty(clone)
            return False
        return True

    def _go_on(self, clone: Repository, known: str, tip: str) -> str:
        """Bring into a thin clone what happened since `known`, or everything where that cannot be had."""
        try:
            if not clone.has(tip):
                self._bring_without_texts(clone, partial_clone.REMOTE, f"+{self.ref}:{TIP_REF}")
                tip = clone.resolve(TIP_REF)
            if known == tip:
                return tip
            if known and partial_clone.goes_on(clone, known, tip):
                is_read = settings.GITSYNC_READ_BACK or PurgedText.objects.exists()
                missing = partial_clone.missing_texts(clone, known, tip) if is_read else []
                if missing:
                    self._bring_named(clone, missing)
                return tip
        except (RemoteUnreachableError, CloneBrokenError) as error:
            logger.warning("the remote gives no single texts: %s", error)
        return self.complete(clone)

    def _bring(self, clone: Repository) -> None:
        """Bring the branch with all its history and every text, a stage at a time into a clone that has nothing yet.

        Git remembers each object of what has come at once, to see that nothing is missing.
        """
        is_all = partial_clone.is_empty(clone) or partial_clone.is_thin(clone)
        for number, stop in enumerate(self._stages(clone) if partial_clone.is_empty(clone) else ()):
            try:
                self._bring_whole(clone, stop, seconds=FETCH_ALL_SECONDS)
            except (RemoteUnreachableError, CloneBrokenError) as error:
                logger.warning("stage %d of the history cannot be fetched alone: %s", number + 1, error)
                break
            logger.info("fetched stage %d of the history, up to %s", number + 1, stop[:10])
        self._bring_whole(clone, self.ref, seconds=FETCH_ALL_SECONDS if is_all else FETCH_SECONDS)

    def _bring_whole(self, clone: Repository, what: str, *, seconds: float) -> None:
        self.run(clone, "fetch", *_QUIETLY, "--", self.address.url, f"+{what}:{TIP_REF}", seconds=seconds)

    def _stages(self, clone: Repository) -> list[str]:
        """Return where the stages of a history end but for the last, which an empty clone is told by the commits alone.

        It is empty again afterwards, unless the remote can leave nothing out, and has sent everything.
        """
        try:
            self._bring_without_texts(
                clone, partial_clone.REMOTE, f"+{self.ref}:{TIP_REF}", wanted=partial_clone.COMMITS
            )
            if partial_clone.has_come_whole(clone, TIP_REF):
                return []
            stops = history.stops(clone, TIP_REF, STAGE)
        except (RemoteUnreachableError, CloneBrokenError) as error:
            logger.warning("the remote gives no commits alone, so all of it is fetched at once: %s", error)
            stops = []
        partial_clone.empty(clone)
        return stops[:-1]

    def _bring_named(self, clone: Repository, oids: Iterable[str]) -> None:
        """Bring some objects, and what lies below them but for texts, in one request."""
        self._bring_without_texts(
            clone, "--stdin", partial_clone.REMOTE, stdin="".join(f"{oid}\n" for oid in oids).encode()
        )

    def _bring_without_texts(
        self, clone: Repository, *arguments: str, stdin: bytes = b"", wanted: str = partial_clone.NO_TEXTS
    ) -> None:
        told = partial_clone.environment(self.address.url, self.environment(), wanted=wanted, as_if_empty=bool(stdin))
        self.run(clone, "fetch", *_QUIETLY, *arguments, seconds=FETCH_SECONDS, stdin=stdin, environment=told)
