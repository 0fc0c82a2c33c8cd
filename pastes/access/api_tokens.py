"""API tokens: made, shown once, looked up, revoked. The secret itself is in no row, no log and no address."""

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
from pastes.storage.write_lock import turn

#: What every secret begins with, so that people and scanners know what they have found.
PREFIX = "pasteur_"

_BYTES = 24
#: How exactly the last use is kept; a write for every request would make reading as dear as writing.
_USE_IS_KEPT = timedelta(minutes=1)
_SENT = re.compile(r"(?:bearer|token) +(\S+) *", re.IGNORECASE)


def make(
    *, name: str, scopes: Collection[str], expires_at: datetime | None = None, **facts: Any
) -> tuple[str, ApiToken]:
    """Make a token for these scopes; returns its secret, which cannot be had again, and its row.

    `facts` are `owner`, `limit_create` and `limit_read`. Raises ValueError for what makes no sense.
    """
    if not name.strip() or len(name) > 100:
        raise ValueError("a token needs a name of at most 100 characters")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise ValueError(f"a token needs scopes, of {', '.join(SCOPES)}")
    for limit in ("limit_create", "limit_read"):
        if facts.get(limit):
            rates.parse(facts[limit])
    secret = draw()
    allowed: dict[str, Any] = {f"may_{scope}": scope in scopes for scope in SCOPES}
    row = ApiToken(name=name.strip(), secret_hash=hashed(secret), expires_at=expires_at, **allowed, **facts)
    row.save()
    return secret, row


def draw() -> str:
    """Return a fresh secret of 192 random bits."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def hashed(secret: str) -> str:
    """Return what is stored of a secret. It is random, so a fast hash without salt makes no guessing easier."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def sent(request: HttpRequest) -> str | None:
    """Return the secret that came with a request as `Authorization: Bearer ...` or `token ...`, or None."""
    match = _SENT.fullmatch(request.META.get("HTTP_AUTHORIZATION", ""))
    return match[1] if match else None


def found(secret: str) -> ApiToken:
    """Return the token that has this secret, and keep when it was used.

    Raises RefusedError with status 401 when there is none, or none any more. How long that takes says nothing about
    the secret: the database compares hashes, which nobody can choose.
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
    _keep_use(token, now)
    return token


def revoke(token: ApiToken) -> bool:
    """Let a token open nothing from now on. Returns whether that changed anything."""
    return bool(ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()))


def _keep_use(token: ApiToken, now: datetime) -> None:
    if token.last_used_at and now - token.last_used_at < _USE_IS_KEPT:
        return
    unkept = Q(last_used_at=None) | Q(last_used_at__lte=now - _USE_IS_KEPT)
    with contextlib.suppress(OperationalError), turn(0):  # Whoever reads does not wait for those who write.
        ApiToken.objects.filter(unkept, pk=token.pk).update(last_used_at=now)
