"""Reports, bans, and the addresses of authors. Used by moderation/ and access/bans.py."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_noop

WORDS_LENGTH = 2_000


class Reason(models.TextChoices):
    """The reason for a report."""

    SECRET = "secret", gettext_noop("Exposes a secret or private data")
    MALWARE = "malware", gettext_noop("Malware or phishing")
    ABUSE = "abuse", gettext_noop("Insults, threats or incitement to hatred")
    RIGHTS = "rights", gettext_noop("Violates copyright or other rights")
    ILLEGAL = "illegal", gettext_noop("Illegal for another reason")
    SPAM = "spam", gettext_noop("Spam")
    OTHER = "other", gettext_noop("Something else")


class Outcome(models.TextChoices):
    """The outcome of a closed report."""

    DISMISSED = "dismissed"
    HIDDEN = "hidden"
    PURGED = "purged"
    #: The paste was deleted, burned or expired, or was hidden independently of its reports.
    GONE = "gone"


class ReportQuerySet(models.QuerySet["Report"]):
    """A queryset of reports."""

    def open(self) -> ReportQuerySet:
        """Return reports that have not been closed."""
        return self.filter(closed_at=None)


class Report(models.Model):
    """A reader's report of a paste. Identical reports of the same paste share a row."""

    paste = models.ForeignKey("pastes.Paste", models.PROTECT, related_name="reports", db_index=False)
    reason = models.CharField(max_length=10, choices=Reason)
    words = models.TextField(max_length=WORDS_LENGTH, blank=True)
    contact = models.EmailField("contact address", blank=True)
    #: The same for identical reports.
    digest = models.CharField(max_length=64, editable=False)
    times = models.PositiveIntegerField("number of times", default=1)
    created_at = models.DateTimeField("reported", default=timezone.now)
    #: When moderators were notified by mail.
    told_at = models.DateTimeField("mailed", null=True, editable=False)
    closed_at = models.DateTimeField("closed", null=True)
    closed_by = models.CharField(max_length=150, blank=True)
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(name="pastes_reports_open", fields=["-id"], condition=models.Q(closed_at=None)),
            models.Index(name="pastes_reports_of", fields=["paste"]),
        ]
        constraints = [
            models.UniqueConstraint(
                name="pastes_unique_open_report", fields=["paste", "digest"], condition=models.Q(closed_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"report {self.pk}: {self.get_reason_display()}"


class Ban(models.Model):
    """A network whose callers may read but not write."""

    network = models.CharField(
        max_length=43,
        unique=True,
        help_text="An address, or a network such as 203.0.113.0/24 or 2001:db8::/48."
        " An IPv6 address stands for its /64 network.",
    )
    reason = models.CharField(max_length=500, help_text="Shown to banned callers.")
    until = models.DateTimeField(null=True, blank=True, help_text="If empty, the ban lasts until it is deleted.")
    created_at = models.DateTimeField("created", default=timezone.now, editable=False)
    by = models.CharField("banned by", max_length=150, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.network


class Origin(models.Model):
    """The address from which a paste was created or last edited, stored for PASTEUR_KEEP_ADDRESSES days."""

    paste = models.OneToOneField("pastes.Paste", models.PROTECT, related_name="origin")
    address = models.CharField(max_length=43, db_index=True)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.address
