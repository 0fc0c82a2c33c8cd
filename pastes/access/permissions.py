"""What a caller may do, asked where it is done: in writing.py, in reading.py, and by lists."""

from django.conf import settings
from django.utils.translation import gettext_lazy

from pastes.access import audiences, bans, client_address, login, request_context
from pastes.errors import RefusedError
from pastes.models import Paste

#: What may be reserved, and the setting that says for whom.
AUDIENCES = {"create": "PASTEUR_MAY_CREATE", "read": "PASTEUR_MAY_READ", "list": "PASTEUR_MAY_LIST"}
#: What can be asked for, with the scope that an API token needs for it.
_SCOPES = {"create": "write", "read": "read", "list": "read"}
_NEEDS_TOKEN = {
    "create": gettext_lazy("Only who shows an API token, or has logged in, can make pastes here."),
    "read": gettext_lazy("Only who shows an API token, or has logged in, can read pastes here."),
    "list": gettext_lazy("Only who shows an API token, or has logged in, can list pastes here."),
}
_NOT_FROM_HERE = {
    "create": gettext_lazy("Nobody can make pastes from this address."),
    "read": gettext_lazy("Nobody can read pastes from this address."),
    "list": gettext_lazy("Nobody can list pastes from this address."),
}


def demand(action: str) -> None:
    """Raise RefusedError unless the caller may `create`, `read` or `list`."""
    if (refused := why_not(action)) is not None:
        raise refused


def why_not(action: str) -> RefusedError | None:
    """Return why the caller may not `create`, `read` or `list`, or None."""
    token = request_context.token()
    if token and action == "read" and token.may_moderate:
        return None
    if token and not getattr(token, f"may_{_SCOPES[action]}"):
        return _no_scope(_SCOPES[action])
    if action == "create" and (banned := bans.why()) is not None:
        return banned
    audience = audiences.parse(getattr(settings, AUDIENCES[action]))
    if audience.anyone or _belongs(audience):
        return None
    if audience.tokens:
        return RefusedError("needs_token", str(_NEEDS_TOKEN[action]), status=401)
    return RefusedError("address", str(_NOT_FROM_HERE[action]), status=403)


def demand_moderation() -> None:
    """Raise RefusedError unless the caller has an API token that may moderate."""
    token = request_context.token()
    if token is None:
        raise RefusedError("needs_token", "This needs an API token that may moderate.", status=401)
    if not token.may_moderate:
        raise _no_scope("moderate")


def moderates() -> bool:
    """Return whether the caller has an API token that may moderate."""
    token = request_context.token()
    return token is not None and token.may_moderate


def made(paste: Paste) -> bool:
    """Return whether the caller's API token may write and has made the paste, or another token of its owner has."""
    token = request_context.token()
    if token is None or not token.may_write or paste.api_token_id is None:
        return False
    if paste.api_token_id == token.pk:
        return True
    other = paste.api_token
    return token.owner_id is not None and other is not None and other.owner_id == token.owner_id


def _belongs(audience: audiences.Audience) -> bool:
    caller = request_context.caller()
    if caller is None:
        return True
    if audience.tokens and caller.token:
        return True
    # Who is trusted for an address must not lend it to the page of another site.
    if audience.has(client_address.exact(caller.request)) and not login.is_from_foreign_page(caller.request):
        return True
    return audience.tokens and login.is_logged_in(caller.request)


def _no_scope(scope: str) -> RefusedError:
    return RefusedError("scope", f"This API token may not {scope}.", status=403)
