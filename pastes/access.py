"""What a caller may do, asked where it is done: in writing.py, in reading.py, and by lists."""

from pastes import acting
from pastes.errors import RefusedError
from pastes.models import Paste

#: What can be asked for, with the scope that an API token needs for it.
_SCOPES = {"create": "write", "read": "read", "list": "read"}


def demand(action: str) -> None:
    """Raise RefusedError unless the caller may `create`, `read` or `list`."""
    token = acting.token()
    if token and not getattr(token, f"may_{_SCOPES[action]}") and not (action == "read" and token.may_moderate):
        raise _no_scope(_SCOPES[action])


def demand_moderation() -> None:
    """Raise RefusedError unless the caller has an API token that may moderate."""
    token = acting.token()
    if token is None:
        raise RefusedError("needs_token", "This needs an API token that may moderate.", status=401)
    if not token.may_moderate:
        raise _no_scope("moderate")


def moderates() -> bool:
    """Return whether the caller has an API token that may moderate."""
    token = acting.token()
    return token is not None and token.may_moderate


def made(paste: Paste) -> bool:
    """Return whether the caller's API token may write and has made the paste, or another token of its owner has."""
    token = acting.token()
    if token is None or not token.may_write or paste.api_token_id is None:
        return False
    if paste.api_token_id == token.pk:
        return True
    other = paste.api_token
    return token.owner_id is not None and other is not None and other.owner_id == token.owner_id


def _no_scope(scope: str) -> RefusedError:
    return RefusedError("scope", f"This API token may not {scope}.", status=403)
