"""Moderation: hide a paste and show it again. Moderators use the regular operations to read and delete."""

from collections.abc import Callable

from django.http import HttpRequest

from pastes.access import permissions
from pastes.api.common import READ_ERRORS, Key, Router, find, response_schemas
from pastes.api.schemas import StateOut
from pastes.lifecycle import writing
from pastes.models import Paste

router = Router(tags=["moderation"])


@router.post("/{key}/hide", response=response_schemas(200, StateOut, READ_ERRORS))
def hide(request: HttpRequest, key: Key) -> StateOut:
    """Hide a paste from everyone but moderators."""
    return _change_state(key, writing.hide)


@router.post("/{key}/show", response=response_schemas(200, StateOut, READ_ERRORS))
def show(request: HttpRequest, key: Key) -> StateOut:
    """Show a hidden paste again."""
    return _change_state(key, writing.show)


def _change_state(key: str, change: Callable[[Paste], bool]) -> StateOut:
    permissions.demand_moderation()
    paste = find(key)
    change(paste)
    paste.refresh_from_db(fields=["state"])
    return StateOut(key=paste.key, state=paste.state)
