"""API tokens, requests that created pastes, and SECRET_KEY fingerprints.

Used by access/api_tokens.py, lifecycle/idempotency.py and access/secret_keys.py.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

#: The scopes that an API token can have.
SCOPES = ("read", "write", "moderate")


class Creation(models.Model):
    """A request that created a paste, identified by the hash of its Idempotency-Key, so that it can be repeated."""

    key_hash = models.CharField(max_length=64, unique=True)
    body_hash = models.CharField(max_length=64)
    paste = models.ForeignKey("pastes.Paste", on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"creation of {self.paste_id}"


class ApiToken(models.Model):
    """An API token and its permissions. Only a hash of the secret is stored."""

    name = models.CharField(max_length=100, help_text="What the token is for.")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    may_read = models.BooleanField("read", default=True, help_text="Read and list pastes.")
    may_write = models.BooleanField(
        "write",
        default=False,
        help_text="Create pastes; edit and delete those created with this token or its owner’s other tokens.",
    )
    may_moderate = models.BooleanField("moderate", default=False, help_text="Read, hide, show and delete any paste.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)
    limit_create = models.CharField(
        "rate limit for creating pastes",
        max_length=100,
        blank=True,
        help_text="Such as 100/hour, or off. If empty, the limit per address applies.",
    )
    limit_read = models.CharField(
        "rate limit for requests",
        max_length=100,
        blank=True,
        help_text="Such as 20/second, or off. If empty, the limit per address applies.",
    )
    created_at = models.DateTimeField("created", default=timezone.now, editable=False)
    expires_at = models.DateTimeField("expires", null=True, blank=True)
    revoked_at = models.DateTimeField("revoked", null=True, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, editable=False)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name

    @property
    def scopes(self) -> list[str]:
        """The names of the token's scopes."""
        return [scope for scope in SCOPES if getattr(self, f"may_{scope}")]


class SecretKey(models.Model):
    """A SECRET_KEY of the site, identified by its fingerprint, and the key of stored digests encrypted with it."""

    #: Unique, so that only one of two processes with different keys can be the first.
    number = models.PositiveSmallIntegerField(unique=True)
    fingerprint = models.CharField(max_length=32, unique=True)
    digest_key = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.fingerprint
