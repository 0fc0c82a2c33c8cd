"""Reports in the admin: what readers say, beside what it is about, and what to do with it."""

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
from pastes.moderation.admin_actions import TakingDown
from pastes.moderation.admin_lists import BoundedPaginator

if TYPE_CHECKING:  # At run time Django's class takes no parameter.
    _ModelAdmin = admin.ModelAdmin[Report]
else:
    _ModelAdmin = admin.ModelAdmin

_EXCERPT_LENGTH = 200
_ABOUT = ("paste_link", "state", "open_reports", "text")
_SAID = ("reason", "words", "contact", "times", "created_at", "told_at", "closed_at", "closed_by", "outcome")


class OpenFilter(admin.SimpleListFilter):
    """What nobody has settled yet; that comes first."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices besides the first."""
        return [("closed", "closed"), ("all", "all")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Call the first choice what it is."""
        for number, choice in enumerate(super().choices(changelist)):
            yield choice if number else {**choice, "display": "open"}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return what the choice leaves."""
        if self.value() == "all":
            return queryset
        return queryset.exclude(closed_at=None) if self.value() == "closed" else queryset.open()


@admin.register(Report)
class ReportAdmin(TakingDown, _ModelAdmin):
    """What readers have reported. Nothing of it can be edited."""

    list_display = ("created_at", "paste_link", "reason", "said", "times", "open_reports", "text", "state", "outcome")
    list_display_links = ("created_at",)
    list_filter = (OpenFilter, "reason", "outcome")
    list_select_related = ("paste",)
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    search_fields = ("=paste__key", "words", "=contact")
    search_help_text = "Key of a paste, words of a report, address of who sent it"
    actions = ("dismiss", "hide", "purge", "ban")
    fields = readonly_fields = (*_ABOUT, *_SAID)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Reports come from readers."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was said was said."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are closed, not deleted."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        """Return the reports with how their pastes begin and how many there are of each, in one query."""
        first = File.objects.filter(revision__paste=OuterRef("paste"), revision__number=OuterRef("paste__head"))
        siblings = Report.objects.open().filter(paste=OuterRef("paste")).order_by().values("paste")
        begins = Subquery(first.order_by("position").values(begins=Left("content", _EXCERPT_LENGTH))[:1])
        found: QuerySet[Report] = super().get_queryset(request)
        return found.annotate(begins=begins, siblings=Subquery(siblings.values(number=Count("pk"))))

    def pastes_of(self, rows: Any) -> QuerySet[Paste]:
        """Return the pastes that these reports are about, each once."""
        return Paste.objects.filter(pk__in=list(rows.values_list("paste", flat=True)))

    @admin.display(description="paste")
    def paste_link(self, report: Report) -> SafeString:
        """Return the way to the paste as visitors see it, and as moderators do."""
        inside = reverse("admin:pastes_paste_change", args=[report.paste_id])
        page, key = report.paste.get_absolute_url(), report.paste.key
        return format_html('<a href="{}">{}</a> <a href="{}">in the admin</a>', page, key, inside)

    @admin.display(description="words")
    def said(self, report: Report) -> str:
        """Return what was said, cut."""
        return report.words[:_EXCERPT_LENGTH]

    @admin.display(description="open reports of it")
    def open_reports(self, report: Report) -> int:
        """Return how many reports of the same paste are open."""
        return getattr(report, "siblings", 0) or 0

    @admin.display(description="text of the paste")
    def text(self, report: Report) -> str:
        """Return how the paste begins."""
        return "encrypted" if report.paste.encrypted else getattr(report, "begins", "") or ""

    @admin.display(description="paste is")
    def state(self, report: Report) -> str:
        """Return what has become of the paste."""
        return State(report.paste.state).label

    @admin.action(description="Dismiss: nothing is wrong", permissions=["moderate"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        """Close the chosen reports; the pastes stay."""
        closed = sum(reports.dismiss(report, by=request.user.get_username()) for report in queryset)
        self.message_user(request, f"{closed} dismissed.", messages.SUCCESS)
