"""Pastes, their revisions and their files. See lifecycle/writing.py for writes and lifecycle/reading.py for lookups."""

from __future__ import annotations

import hashlib
from functools import cached_property
from urllib.parse import quote

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_noop

from pastes.rules import display
from pastes.rules.languages import LANGUAGES
from pastes.rules.site_path import site_path
from pastes.storage.clock import Clock

TITLE_LENGTH = 200
AUTHOR_LENGTH = 100
COMMENT_LENGTH = 2_000
NAME_BYTES = 255

#: Characters that need no escaping in a path (RFC 3986, 3.3), the same as in `reverse`.
_PATH = "!$&'()*+,;=/~:@"


class Visibility(models.TextChoices):
    """Whether a paste appears in lists."""

    UNLISTED = "unlisted", gettext_noop("Unlisted")
    PUBLIC = "public", gettext_noop("Public")


class State(models.TextChoices):
    """The state of a paste. Visitors only see pastes that are `published`."""

    PUBLISHED = "published"
    HIDDEN = "hidden"
    REMOVED = "removed"
    BURNED = "burned"
    EXPIRED = "expired"


#: The states in which a paste still has its content.
_WITH_CONTENT = ["hidden", "published"]


def readable(prefix: str = "") -> models.Q:
    """Return a condition matching pastes that visitors can read, according to the database's clock.

    `prefix` is the path from the queried model to the paste, such as `revision__paste__`.
    """
    lasting = models.Q((f"{prefix}expires_at__isnull", True)) | models.Q((f"{prefix}expires_at__gt", Clock()))
    return models.Q((f"{prefix}state", State.PUBLISHED)) & lasting


class PasteQuerySet(models.QuerySet["Paste"]):
    """A queryset of pastes."""

    def readable(self) -> PasteQuerySet:
        """Return pastes that visitors can read."""
        return self.filter(readable())

    def listed(self) -> PasteQuerySet:
        """Return pastes that appear in lists, newest first."""
        return self.readable().filter(visibility=Visibility.PUBLIC, burn=False).order_by("-id")

    def expired(self) -> PasteQuerySet:
        """Return expired pastes whose content has not been erased yet."""
        return self.filter(expires_at__lte=Clock(), state__in=_WITH_CONTENT).order_by("expires_at")


class Paste(models.Model):
    """A paste, identified by its key. The row outlives the content, so that no key is ever reused."""

    key = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    author = models.CharField(max_length=AUTHOR_LENGTH, blank=True)
    comment = models.TextField(max_length=COMMENT_LENGTH, blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.UNLISTED)
    state = models.CharField(max_length=9, choices=State, default=State.PUBLISHED)
    burn = models.BooleanField("burn after reading", default=False)
    encrypted = models.BooleanField("encrypted in the browser", default=False)
    #: The code of the paste in the original Pasteur, which still works as its URL.
    old_code = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001  (null, unlike empty, is unique)
    head = models.PositiveIntegerField("current revision", default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    #: The hash of the edit token, or an empty string if only moderators can change the paste.
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    forked_from = models.CharField("forked from", max_length=32, blank=True)
    #: The API token that created the paste, which may also change it.
    api_token = models.ForeignKey("ApiToken", models.SET_NULL, null=True, db_index=False, editable=False)

    #: The edit token, only set by writing.publish.
    token = ""
    #: The state of the paste's copy, if it was loaded too; see mirror_copy.py.
    copy_state: str | None = None

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
            # The state comes first so that queries skip the rows of erased pastes, which are kept.
            models.Index(
                name="pastes_expiring", fields=["state", "expires_at"], condition=models.Q(expires_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}".rstrip()

    def get_absolute_url(self) -> str:
        """Return the path of the paste's page."""
        return site_path(f"/{self.key}")

    @cached_property
    def files(self) -> list[File]:
        """The files of the current revision, in order. reading.py loads them in the same query as the paste."""
        current = File.objects.filter(revision__paste_id=self.pk, revision__number=self.head)
        return list(current.select_related("revision").order_by("position"))

    @property
    def size_bytes(self) -> int:
        """The total size of the current revision's files."""
        return sum(file.size_bytes for file in self.files)


class Revision(models.Model):
    """A version of a paste's files. Numbers start at 1, and every edit adds a revision."""

    paste = models.ForeignKey(Paste, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    #: The author of the commit, if the revision was created in the Git repository.
    author = models.CharField(max_length=AUTHOR_LENGTH, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(name="pastes_unique_revision_number", fields=["paste", "number"])]

    def __str__(self) -> str:
        return f"revision {self.number}"


class File(models.Model):
    """A file of a revision: UTF-8 text without NUL characters, stored byte for byte as it was sent."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="files", db_index=False)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=NAME_BYTES)
    language = models.CharField(max_length=20)
    content = models.TextField()
    size_bytes = models.PositiveIntegerField()
    oid = models.CharField("Git blob id", max_length=40)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(name="pastes_unique_file_position", fields=["revision", "position"])]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The human-readable name of the language."""
        return LANGUAGES[self.language].label

    @property
    def shown(self) -> str:
        """The content as shown on a page, with control characters replaced by symbols or code points."""
        return display.show_controls(self.content)

    @property
    def has_hidden_characters(self) -> bool:
        """Whether the content contains characters that are invisible or change the text direction."""
        return display.has_hidden_characters(self.content)

    def raw_path(self, key: str) -> str:
        """Return the path of the file's raw content, where `key` is the key of its paste."""
        return site_path(f"/{key}/raw/{quote(self.name, safe=_PATH)}")


class Tombstone(models.Model):
    """What remains of a purged paste. Its key cannot be restored from a copy, an import or a Git repository."""

    key = models.CharField(max_length=32, unique=True)
    old_code = models.CharField(max_length=64, blank=True)
    reason = models.TextField()
    by = models.CharField("purged by", max_length=150, blank=True)
    created_at = models.DateTimeField("purged at", default=timezone.now)
    digest = models.CharField("SHA-256 of the content", max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


def blob_oid(content: bytes) -> str:
    """Return the Git blob id of the content, as 40 hexadecimal digits.

    See https://git-scm.com/book/en/v2/Git-Internals-Git-Objects for the format.
    """
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
