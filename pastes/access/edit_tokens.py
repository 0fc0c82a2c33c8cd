"""Edit tokens, which allow authors to edit and delete their pastes. They are only included in the creation response."""

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

#: The number of random bytes in a token.
_BYTES = 24


def draw() -> str:
    """Return a new URL-safe token with 192 random bits."""
    return secrets.token_urlsafe(_BYTES)


def hashed(token: str) -> str:
    """Return the hash under which a token is stored. Tokens are random, so a fast unsalted hash is safe."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def owns(paste: "Paste | None", token: str) -> "TypeGuard[Paste]":
    """Return whether the token is the edit token of the paste, using a constant-time comparison.

    If the caller has guessed wrong too often, raise RefusedError regardless of whether the token is correct.
    """
    charged = caller_rates.charge_guess()
    matches = paste is not None and hmac.compare_digest(hashed(token), paste.token_hash or "none")
    if matches:
        charges.refund(charged)
    return matches


def demand(paste: "Paste", token: str, *, deleting: bool = False) -> None:
    """Raise RefusedError unless the caller's API token permits the action or `token` is the edit token of the paste."""
    if not permissions.is_creator(paste) and not (deleting and permissions.moderates()) and not owns(paste, token):
        message = gettext("This requires the paste’s edit token in the header X-Pasteur-Token.")
        raise RefusedError("token", message, status=403)
