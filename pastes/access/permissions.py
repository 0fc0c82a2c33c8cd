"""The caller's permissions, checked where the work is done: in writing.py, in reading.py, and in lists."""

from django.conf import settings
from django.utils.translation import gettext_lazy

from pastes.access import audiences, bans, login, request_context
from pastes.access.request_context import RequestContext, current
from pastes.errors import RefusedError
from pastes.models import Paste

#: The setting that contains the audience of each action.
AUDIENCES = {"create": "PASTEUR_MAY_CREATE", "read": "PASTEUR_MAY_READ", "list": "PASTEUR_MAY_LIST"}
#: The scope required of an API token for each action.
_SCOPES = {"create": "write", "read": "read", "list": "read"}
_NEEDS_TOKEN = {
    "create": gettext_lazy("Creating pastes here requires an API token or a login."),
    "read": gettext_lazy("Reading pastes here requires an API token or a login."),
    "list": gettext_lazy("Listing pastes here requires an API token or a login."),
}
_NOT_FROM_HERE = {
    "create": gettext_lazy("Pastes cannot be created from this IP address."),
    "read": gettext_lazy("Pastes cannot be read from this IP address."),
    "list": gettext_lazy("Pastes cannot be listed from this IP address."),
}


def demand(action: str) -> None:
    """Raise RefusedError unless the caller may `create`, `read` or `list`."""
    if action != "create":
        request_context.mark_shows_pastes()
    if (refused := refusal_of(action)) is not None:
        raise refused


def refusal_of(action: str) -> RefusedError | None:
    """Return the error if the caller may not `create`, `read` or `list`, or None if it may."""
    context = current.get()
    if context is None:
        return None
    token = context.token
    if token and action == "read" and token.may_moderate:
        return None
    if token and not getattr(token, f"may_{_SCOPES[action]}"):
        return _no_scope(_SCOPES[action])
    if action == "create" and (banned := bans.find(context)) is not None:
        return banned
    audience = audiences.parse(getattr(settings, AUDIENCES[action]))
    if audience.anyone or _includes(audience, context):
        return None
    if audience.tokens:
        return RefusedError("needs_token", str(_NEEDS_TOKEN[action]), status=401)
    return RefusedError("address", str(_NOT_FROM_HERE[action]), status=403)


def demand_moderation() -> None:
    """Raise RefusedError unless the caller has an API token that may moderate."""
    token = request_context.token()
    if token is None:
        raise RefusedError("needs_token", "This requires an API token that may moderate.", status=401)
    if not token.may_moderate:
        raise _no_scope("moderate")


def moderates() -> bool:
    """Return whether the caller has an API token that may moderate."""
    token = request_context.token()
    return token is not None and token.may_moderate


def is_creator(paste: Paste) -> bool:
    """Return whether the caller's API token may write and the paste was created with it or its owner's other tokens."""
    token = request_context.token()
    if token is None or not token.may_write or paste.api_token_id is None:
        return False
    if paste.api_token_id == token.pk:
        return True
    creator = paste.api_token
    return token.owner_id is not None and creator is not None and creator.owner_id == token.owner_id


def _includes(audience: audiences.Audience, context: RequestContext) -> bool:
    if audience.tokens and context.token:
        return True
    # A page of another site must not benefit from its visitor's address.
    if audience.has(context.address) and not login.is_from_foreign_page(context.request):
        return True
    return audience.tokens and login.is_logged_in(context.request)


def _no_scope(scope: str) -> RefusedError:
    return RefusedError("scope", f"This API token may not {scope}.", status=403)
