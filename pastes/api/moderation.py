"""What moderators do by program: hide a paste and show it again. They read and delete where everybody does."""

from collections.abc import Callable

from django.http import HttpRequest

from pastes.access import permissions
from pastes.api.common import READING, Key, Router, answering, find
from pastes.api.schemas import StateOut
from pastes.lifecycle import writing
from pastes.models import Paste

router = Router(tags=["moderating"])


@router.post("/{key}/hide", response=answering(200, StateOut, READING))
def hide(request: HttpRequest, key: Key) -> StateOut:
    """Take a paste off the site, for now."""
    return _done(key, writing.hide)


@router.post("/{key}/show", response=answering(200, StateOut, READING))
def show(request: HttpRequest, key: Key) -> StateOut:
    """Put a hidden paste back on the site."""
    return _done(key, writing.show)


def _done(key: str, change: Callable[[Paste], bool]) -> StateOut:
    permissions.demand_moderation()
    paste = find(key)
    change(paste)
    paste.refresh_from_db(fields=["state"])
    return StateOut(key=paste.key, state=paste.state)
