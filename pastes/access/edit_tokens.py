"""Edit tokens, with which an author changes and deletes a paste. Only the response to its creation has the token."""

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, TypeGuard

from django.utils.translation import gettext

from pastes.access import caller_rates, permissions
from pastes.errors import RefusedError
from pastes.limits import charges

if TYPE_CHECKING:
    from pastes.models import Paste

#: Random bytes of a token.
_BYTES = 24


def draw() -> str:
    """Return a new token of 192 random bits, in URL-safe characters."""
    return secrets.token_urlsafe(_BYTES)


def hashed(token: str) -> str:
    """Return the hash of a token that is stored. Tokens are random, so a fast hash without salt is safe."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def owns(paste: "Paste | None", token: str) -> "TypeGuard[Paste]":
    """Return whether this is the edit token of the paste, in constant time.

    Raises RefusedError, whether the token is right or wrong, for a caller with too many wrong guesses.
    """
    charged = caller_rates.charge_guess()
    matches = paste is not None and hmac.compare_digest(hashed(token), paste.token_hash or "none")
    if matches:
        charges.refund(charged)
    return matches


def demand(paste: "Paste", token: str, *, deleting: bool = False) -> None:
    """Raise RefusedError unless the caller's API token allows it, or this is the edit token of the paste."""
    if not permissions.made(paste) and not (deleting and permissions.moderates()) and not owns(paste, token):
        message = gettext("This requires the paste’s edit token in the header X-Pasteur-Token.")
        raise RefusedError("token", message, status=403)
