"""The rate limits of the caller: those of its API token, or those of the settings."""

from django.conf import settings

from pastes.access import client_address
from pastes.access.request_context import RequestContext, current, token
from pastes.errors import RefusedError
from pastes.limits import charges, rates
from pastes.limits.charges import Charge


def rate_of(action: str) -> str:
    """Return the rate limit of an action for the current caller, as rates.parse reads it."""
    return _token_rate(action) or str(getattr(settings, f"PASTEUR_LIMIT_{action.upper()}"))


def counter_of(context: RequestContext, action: str) -> str | None:
    """Return the name under which an action of a caller is counted; None for a caller without limits."""
    if context.token and _token_rate(action):
        return f"token:{context.token.pk}"
    network = client_address.network(context.address)
    return None if client_address.is_local(network) else network


def charge_guess() -> list[Charge]:
    """Charge the caller for an edit token that is about to be compared. Raises RefusedError when its limit is exceeded.

    Guesses are charged as deletions, which is what a right guess would allow.
    """
    context = current.get()
    counter = counter_of(context, "delete") if context else None
    if context is None or counter is None:
        return []
    charged, context.exceeded = charges.charge("delete", counter, rates.parse(rate_of("delete")))
    if context.exceeded:
        raise RefusedError("too_many_requests", "Too many wrong edit tokens.", status=429)
    return charged


def charge_token(context: RequestContext) -> list[Charge]:
    """Charge the caller for an API token that is about to be looked up, to be refunded when it is valid.

    Wrong tokens are charged as reads. Raises RefusedError when their limit is exceeded, before the database is asked.
    """
    counter = counter_of(context, "read")
    if counter is None:
        return []
    charged, context.exceeded = charges.charge("token", counter, rates.parse(settings.PASTEUR_LIMIT_READ))
    if context.exceeded:
        raise RefusedError("too_many_requests", "Too many wrong API tokens.", status=429)
    return charged


def _token_rate(action: str) -> str:
    return getattr(token(), f"limit_{action}", "")
