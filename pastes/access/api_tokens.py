"""API tokens: created, found, revoked. A secret is shown once; rows, logs and addresses never have it."""

import contextlib
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from pastes.errors import RefusedError
from pastes.limits import rates
from pastes.models import SCOPES, ApiToken
from pastes.storage import clock
from pastes.storage.write_lock import write_lock

#: Begins every secret, so that people and secret scanners recognize one.
PREFIX = "pasteur_"

_BYTES = 24
#: The precision of the last use: writing a row for every request would make reading as expensive as writing.
_USE_PRECISION = timedelta(minutes=1)
_AUTHORIZATION = re.compile(r"(?:bearer|token) +(\S+) *", re.IGNORECASE)


def create(
    *, name: str, scopes: Collection[str], expires_at: datetime | None = None, **fields: Any
) -> tuple[str, ApiToken]:
    """Create a token with these scopes; return its secret, which is not stored, and its row.

    `fields` are `owner`, `limit_create` and `limit_read`. Raises ValueError for an invalid value.
    """
    if not name.strip() or len(name) > 100:
        raise ValueError("a token needs a name of at most 100 characters")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise ValueError(f"a token needs scopes, of {', '.join(SCOPES)}")
    for limit in ("limit_create", "limit_read"):
        if fields.get(limit):
            rates.parse(fields[limit])
    secret = draw()
    allowed: dict[str, Any] = {f"may_{scope}": scope in scopes for scope in SCOPES}
    token = ApiToken(name=name.strip(), secret_hash=hashed(secret), expires_at=expires_at, **allowed, **fields)
    token.save()
    return secret, token


def draw() -> str:
    """Return a new secret of 192 random bits."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def hashed(secret: str) -> str:
    """Return the hash of a secret that is stored. Secrets are random, so a fast hash without salt is safe."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def read(request: HttpRequest) -> str | None:
    """Return the secret of the header `Authorization: Bearer ...` or `Authorization: token ...`, or None."""
    match = _AUTHORIZATION.fullmatch(request.META.get("HTTP_AUTHORIZATION", ""))
    return match[1] if match else None


def find(secret: str) -> ApiToken:
    """Return the token with this secret, and store when it was used.

    Raises RefusedError with status 401 for an unknown, revoked or expired token. The time that this takes gives nothing
    away: the database compares hashes, which a caller cannot choose.
    """
    secret_hash = hashed(secret)
    token = ApiToken.objects.select_related("owner").filter(secret_hash=secret_hash).first()
    if token is None or not hmac.compare_digest(token.secret_hash, secret_hash):
        raise RefusedError("unknown_token", "There is no such API token.", status=401)
    if token.revoked_at or (token.owner and not token.owner.is_active):
        raise RefusedError("revoked_token", "This API token has been revoked.", status=401)
    now = clock.now() if token.expires_at else timezone.now()
    if token.expires_at and token.expires_at <= now:
        raise RefusedError("expired_token", "This API token has expired.", status=401)
    if not token.last_used_at or now - token.last_used_at >= _USE_PRECISION:
        outdated = Q(last_used_at=None) | Q(last_used_at__lte=now - _USE_PRECISION)
        with contextlib.suppress(OperationalError), write_lock(0):  # A reader does not wait for writers.
            ApiToken.objects.filter(outdated, pk=token.pk).update(last_used_at=now)
    return token


def revoke(token: ApiToken) -> bool:
    """Revoke a token. Return whether that changed anything."""
    return bool(ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()))
