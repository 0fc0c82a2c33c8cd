"""The rate limits of the caller, taken from its API token or from the settings."""

from django.conf import settings

from pastes.access import client_address
from pastes.access.request_context import RequestContext, current, token
from pastes.errors import RefusedError
from pastes.limits import charges, rates
from pastes.limits.charges import Charge


def rate_of(action: str) -> str:
    """Return the current caller's rate limit for an action, in the format of rates.parse."""
    return _token_rate(action) or str(getattr(settings, f"PASTEUR_LIMIT_{action.upper()}"))


def counter_of(context: RequestContext, action: str) -> str | None:
    """Return the name of the counter for a caller's action, or None if the caller has no limits."""
    if context.token and _token_rate(action):
        return f"token:{context.token.pk}"
    network = client_address.network(context.address)
    return None if client_address.is_local(network) else network


def charge_guess() -> list[Charge]:
    """Charge the caller before an edit token is compared. Raise RefusedError if the limit is exceeded.

    Guesses are charged as deletions, which is what a correct guess would allow.
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
    """Charge the caller before an API token is looked up. The charge is refunded if the token is valid.

    Wrong tokens are charged as reads. If the limit is exceeded, raise RefusedError before querying the database.
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
