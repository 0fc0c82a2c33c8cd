"""The admin for reports, shown next to the reported pastes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Left
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pastes.models import File, Paste, Report, State
from pastes.moderation import reports
from pastes.moderation.admin_actions import TakedownActions
from pastes.moderation.admin_lists import BoundedPaginator

if TYPE_CHECKING:  # Django's class is not generic at run time.
    _ModelAdmin = admin.ModelAdmin[Report]
else:
    _ModelAdmin = admin.ModelAdmin

_EXCERPT_LENGTH = 200
_PASTE_FIELDS = ("paste_link", "state", "open_reports", "text")
_REPORT_FIELDS = ("reason", "words", "contact", "times", "created_at", "told_at", "closed_at", "closed_by", "outcome")


class OpenFilter(admin.SimpleListFilter):
    """A filter by state that selects open reports by default."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("closed", "closed"), ("all", "all")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for number, choice in enumerate(super().choices(changelist)):
            yield choice if number else {**choice, "display": "open"}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        return queryset.exclude(closed_at=None) if self.value() == "closed" else queryset.open()


@admin.register(Report)
class ReportAdmin(TakedownActions, _ModelAdmin):
    """Reports, read-only."""

    list_display = (
        "created_at",
        "paste_link",
        "reason",
        "words_excerpt",
        "times",
        "open_reports",
        "text",
        "state",
        "outcome",
    )
    list_display_links = ("created_at",)
    list_filter = (OpenFilter, "reason", "outcome")
    list_select_related = ("paste",)
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    search_fields = ("=paste__key", "words", "=contact")
    search_help_text = "Key of the paste, words from the report, contact address"
    actions = ("dismiss", "hide", "purge", "ban")
    fields = readonly_fields = (*_PASTE_FIELDS, *_REPORT_FIELDS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        """Return reports with an excerpt of the paste and the number of its open reports, in one query."""
        files = File.objects.filter(revision__paste=OuterRef("paste"), revision__number=OuterRef("paste__head"))
        siblings = Report.objects.open().filter(paste=OuterRef("paste")).order_by().values("paste")
        paste_excerpt = Subquery(files.order_by("position").values(excerpt=Left("content", _EXCERPT_LENGTH))[:1])
        reports: QuerySet[Report] = super().get_queryset(request)
        return reports.annotate(paste_excerpt=paste_excerpt, siblings=Subquery(siblings.values(number=Count("pk"))))

    def pastes_of(self, rows: Any) -> QuerySet[Paste]:
        """Return the reported pastes without duplicates."""
        return Paste.objects.filter(pk__in=list(rows.values_list("paste", flat=True)))

    @admin.display(description="paste")
    def paste_link(self, report: Report) -> SafeString:
        """Return links to the paste on the site and in the admin."""
        admin_url = reverse("admin:pastes_paste_change", args=[report.paste_id])
        page, key = report.paste.get_absolute_url(), report.paste.key
        return format_html('<a href="{}">{}</a> <a href="{}">in the admin</a>', page, key, admin_url)

    @admin.display(description="words")
    def words_excerpt(self, report: Report) -> str:
        """Return the start of the description."""
        return report.words[:_EXCERPT_LENGTH]

    @admin.display(description="open reports")
    def open_reports(self, report: Report) -> int:
        """Return the number of open reports of the same paste."""
        return getattr(report, "siblings", 0) or 0

    @admin.display(description="content")
    def text(self, report: Report) -> str:
        """Return the start of the paste's content."""
        return "encrypted" if report.paste.encrypted else getattr(report, "paste_excerpt", "") or ""

    @admin.display(description="state of the paste")
    def state(self, report: Report) -> str:
        """Return the state of the paste."""
        return State(report.paste.state).label

    @admin.action(description="Dismiss: nothing is wrong", permissions=["moderate"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        """Close the selected reports and leave the pastes unchanged."""
        closed = sum(reports.dismiss(report, by=request.user.get_username()) for report in queryset)
        self.message_user(request, f"{closed} dismissed.", messages.SUCCESS)
