"""The rate limits of the current caller: those of its API token, else those of the settings."""

from django.conf import settings

from pastes.access import request_context


def rate_of(action: str) -> str:
    """Return the rate limit of an action for the current caller, as rates.parse reads it."""
    return own_rates(action) or str(getattr(settings, f"PASTEUR_LIMIT_{action.upper()}"))


def own_rates(action: str) -> str:
    """Return the rate limit that the caller's API token sets for an action, or the empty string."""
    return getattr(request_context.token(), f"limit_{action}", "")
