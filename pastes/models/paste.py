"""Pastes, their revisions and their files. How they are written is in writing.py, how they are found in reading.py."""

from __future__ import annotations

import hashlib
import re
from functools import cache, cached_property
from urllib.parse import quote

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop

from pastes.rules import display
from pastes.rules.languages import LANGUAGES
from pastes.storage.clock import Clock

TITLE_LENGTH = 200
AUTHOR_LENGTH = 100
COMMENT_LENGTH = 2_000
NAME_BYTES = 255
#: What API tokens may be allowed.
SCOPES = ("read", "write", "moderate")

#: What stands in a path as it is (RFC 3986, 3.3); `reverse` leaves the same.
_PATH = "!$&'()*+,;=/~:@"


class Visibility(models.TextChoices):
    """Who finds a paste without being told its address."""

    UNLISTED = "unlisted", gettext_noop("Unlisted")
    PUBLIC = "public", gettext_noop("Public")


class State(models.TextChoices):
    """What has become of a paste. Everything but `published` is gone for visitors."""

    PUBLISHED = "published"
    HIDDEN = "hidden"
    REMOVED = "removed"
    BURNED = "burned"
    EXPIRED = "expired"


#: What still has its content.
_HELD = ["hidden", "published"]


def readable(prefix: str = "") -> models.Q:
    """Return the condition that a paste exists for visitors, by the clock of the database.

    `prefix` is the path to the paste from the model that is asked for, such as `revision__paste__`.
    """
    lasting = models.Q((f"{prefix}expires_at__isnull", True)) | models.Q((f"{prefix}expires_at__gt", Clock()))
    return models.Q((f"{prefix}state", State.PUBLISHED)) & lasting


class PasteQuerySet(models.QuerySet["Paste"]):
    """Sets of pastes."""

    def readable(self) -> PasteQuerySet:
        """Pastes that exist for visitors."""
        return self.filter(readable())

    def listed(self) -> PasteQuerySet:
        """Pastes that visitors may find without being told, the newest first."""
        return self.readable().filter(visibility=Visibility.PUBLIC, burn=False).order_by("-id")

    def expired(self) -> PasteQuerySet:
        """Pastes whose time has come and whose content still has to be erased."""
        return self.filter(expires_at__lte=Clock(), state__in=_HELD).order_by("expires_at")


class Paste(models.Model):
    """A paste under its key. The row stays when the content goes, so that no key is ever used twice."""

    key = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    author = models.CharField(max_length=AUTHOR_LENGTH, blank=True)
    comment = models.TextField(max_length=COMMENT_LENGTH, blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.UNLISTED)
    state = models.CharField(max_length=9, choices=State, default=State.PUBLISHED)
    burn = models.BooleanField("burn after reading", default=False)
    encrypted = models.BooleanField("encrypted in the browser", default=False)
    #: The code under which the first Pasteur had it, where it still answers.
    old_code = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001  (null, unlike empty, is unique)
    head = models.PositiveIntegerField("current revision", default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    #: See tokens.py; empty for pastes that nobody but moderators can change.
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    forked_from = models.CharField("key it was forked from", max_length=32, blank=True)
    #: The API token that made it, which may change it too.
    api_token = models.ForeignKey("ApiToken", models.SET_NULL, null=True, db_index=False, editable=False)

    #: The edit token, only on what writing.publish returned.
    token = ""
    #: What rows say of its copy, where it was found with that: see copies.py.
    standing: str | None = None

    objects = PasteQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                name="pastes_listed",
                fields=["-id"],
                condition=models.Q(visibility="public", state="published", burn=False),
            ),
            models.Index(
                name="pastes_by_author",
                fields=["author", "-id"],
                condition=models.Q(visibility="public", state="published", burn=False),
            ),
            # By state first: the rows of what has been erased stay, and the next look must not go through them again.
            models.Index(
                name="pastes_expiring", fields=["state", "expires_at"], condition=models.Q(expires_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}".rstrip()

    def get_absolute_url(self) -> str:
        """Return the path of the page."""
        return _before_key() + self.key

    @cached_property
    def files(self) -> list[File]:
        """The files of the current revision, in their order; reading.py fills this in one query with the paste."""
        current = File.objects.filter(revision__paste_id=self.pk, revision__number=self.head)
        return list(current.select_related("revision").order_by("position"))

    @property
    def size_bytes(self) -> int:
        """The bytes of all files of the current revision."""
        return sum(file.size_bytes for file in self.files)


class Revision(models.Model):
    """One edition of a paste's files; the first is number 1. An edit makes a new one, the address stays."""

    paste = models.ForeignKey(Paste, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    #: Who made it, where that was not the author of the paste but somebody in its repository.
    author = models.CharField(max_length=AUTHOR_LENGTH, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(name="pastes_one_revision_a_number", fields=["paste", "number"])]

    def __str__(self) -> str:
        return f"revision {self.number}"


class File(models.Model):
    """A file of a revision: text that is UTF-8 without NUL, kept exactly as it was sent."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="files", db_index=False)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=NAME_BYTES)
    language = models.CharField(max_length=20)
    content = models.TextField()
    size_bytes = models.PositiveIntegerField()
    oid = models.CharField("Git blob id", max_length=40)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(name="pastes_one_file_a_position", fields=["revision", "position"])]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The language's name for people."""
        return LANGUAGES[self.language].label

    @property
    def shown(self) -> str:
        """The text as a page shows it: what it cannot show as a picture (U+2400...) or by its number."""
        unshowable = display.UNSHOWABLE_ASCII if self.content.isascii() else display.UNSHOWABLE
        return unshowable.sub(_mark, self.content)

    @property
    def hides_characters(self) -> bool:
        """Whether the text has characters that turn the direction of writing, or that nobody sees."""
        return not self.content.isascii() and display.HIDING.search(self.content) is not None

    def raw_path(self, key: str) -> str:
        """Return the path of the file's text, under the key of its paste."""
        return f"{_before_key()}{key}/raw/{quote(self.name, safe=_PATH)}"


class Tombstone(models.Model):
    """What stays of a purged paste. Nothing gives it back: no copy, no import, no restored backup of Git."""

    key = models.CharField(max_length=32, unique=True)
    old_code = models.CharField(max_length=64, blank=True)
    reason = models.TextField()
    by = models.CharField("purged by", max_length=150, blank=True)
    created_at = models.DateTimeField("purged at", default=timezone.now)
    digest = models.CharField("SHA-256 of its texts", max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


class Creation(models.Model):
    """A request that made a paste, by the hash of its Idempotency-Key, so that sending it again makes no other."""

    key_hash = models.CharField(max_length=64, unique=True)
    body_hash = models.CharField(max_length=64)
    paste = models.ForeignKey(Paste, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"creation of {self.paste_id}"


class ApiToken(models.Model):
    """What a program shows to be let in; grants.py makes them. Of the secret, only a hash is kept."""

    name = models.CharField(max_length=100, help_text="What it is for.")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    may_read = models.BooleanField("read", default=True, help_text="Read and list pastes.")
    may_write = models.BooleanField(
        "write", default=False, help_text="Make pastes; edit and delete what it, or another token of its owner, made."
    )
    may_moderate = models.BooleanField("moderate", default=False, help_text="Read, hide, show and delete any paste.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)
    limit_create = models.CharField(
        "own rate of creating", max_length=100, blank=True, help_text="Such as 100/hour, or off; else by address."
    )
    limit_read = models.CharField(
        "own rate of requests", max_length=100, blank=True, help_text="Such as 20/second, or off; else by address."
    )
    created_at = models.DateTimeField("made", default=timezone.now, editable=False)
    expires_at = models.DateTimeField("expires", null=True, blank=True)
    revoked_at = models.DateTimeField("revoked", null=True, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, editable=False)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name

    @property
    def scopes(self) -> list[str]:
        """The names of what it may do."""
        return [scope for scope in SCOPES if getattr(self, f"may_{scope}")]


def _mark(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"[U+{code:04X}]"


def reveal(text: str) -> str:
    """Return a text in which what nobody sees, or what turns the direction of writing, stands as its number."""
    return text if text.isascii() else display.HIDING.sub(_mark, text).replace("\ufeff", "[U+FEFF]")


@cache
def _before_key() -> str:
    """Return what stands before the key in the address of a page; looking it up takes as long as a small query."""
    sample = "0" * 8
    return reverse("paste", args=[sample]).removesuffix(sample)


def blob_oid(content: bytes) -> str:
    """Return the id that Git gives a blob of this content, as 40 hexadecimal digits.

    The format is Git's own: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
