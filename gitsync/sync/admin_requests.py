"""What moderators ask of the worker in the admin: it finds the wish in the row of the mirror, and writes the answer."""

import logging

from django.db import connection
from django.utils import timezone

from gitsync.compare.differences import Comparison
from gitsync.errors import BusyError, GitsyncError, MisconfiguredError, meaning_of
from gitsync.models import Mirror
from gitsync.monitoring.drain_report import account
from gitsync.remote.git_remote import Remote
from gitsync.repository.access import with_clone
from gitsync.repository.repository import Repository
from gitsync.sync import drain, resync

logger = logging.getLogger(__name__)


def run() -> None:
    """Do what is asked of the configured remote; what cannot be done now because somebody has the lock stays asked."""
    if not Mirror.objects.with_requests().exists():
        return
    try:
        remote = Remote.configured()
    except MisconfiguredError:
        return  # Whoever drains says so.
    mirror = Mirror.objects.with_requests().filter(remote=remote.address.url, branch=remote.branch).first()
    if mirror is None:
        return
    try:
        if mirror.fetch_requested:
            _fetch(remote, mirror)
        if mirror.check_requested:
            _note(mirror, _summary(resync.look()))
    except BusyError:
        return
    except GitsyncError as error:
        _refuse(mirror, error)
    except Exception as error:  # Drains come after this, and have to be tried whatever it is.
        logger.exception("what was asked for ended with what nobody expects")
        connection.close_if_unusable_or_obsolete()
        _refuse(mirror, meaning_of(error))
    Mirror.objects.filter(pk=mirror.pk).update(fetch_requested=False, check_requested=False)


def _fetch(remote: Remote, mirror: Mirror) -> None:
    with account() as done:

        def fetch(clone: Repository) -> None:
            done.begin(mirror)
            tip = remote.fetch(clone, mirror.tip)
            drain.catch_up(mirror, clone, tip)
            done.tip = tip

        with_clone(fetch)


def _refuse(mirror: Mirror, error: GitsyncError) -> None:
    logger.error("what was asked for cannot be done (%s): %s", error.code, error)
    _note(mirror, f"{error.code}: {error}\n{error.advice}")


def _note(mirror: Mirror, words: str) -> None:
    Mirror.objects.filter(pk=mirror.pk).update(checked_at=timezone.now(), check_result=words)


def _summary(found: Comparison) -> str:
    counts = [f"{len(keys)} {kind}" for kind, keys in found.by_kind().items() if keys]
    return (
        f"{found.pastes} pastes against {found.tip[:10] or 'an empty branch'}: {', '.join(counts) or 'no difference'}"
    )
