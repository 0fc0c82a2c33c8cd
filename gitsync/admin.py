"""The admin for the outbox and the mirror, for operators. Rows are read-only."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html

from gitsync.models import Change, Mirror, Purge
from gitsync.monitoring import mirror_status
from gitsync.outbox import secret_hold, wakeup
from gitsync.sync import bisect
from pastes.moderation.admin_lists import BoundedPaginator

if TYPE_CHECKING:  # At runtime, Django's class is not generic.
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class _ReadOnly(_ModelAdmin):
    show_full_result_count = False
    paginator = BoundedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PendingFilter(admin.SimpleListFilter):
    """Filters changes by state."""

    title = "state"
    parameter_name = "pending"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "pending"), ("aside", "rejected"), ("withheld", "on secret hold"), ("no", "settled")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() is None:
            return queryset
        if self.value() == "no":
            return queryset.filter(settled_at__isnull=False)
        if self.value() in {"aside", "withheld"}:
            return queryset.rejected() if self.value() == "aside" else queryset.on_secret_hold()
        return queryset.filter(settled_at=None, rejected_at=None, secret_hold_at=None)


@admin.register(Change)
class ChangeAdmin(_ReadOnly):
    """The changes in the outbox."""

    list_display = ("name", "kind", "revision", "created_at", "settled_at", "commit", "rejected_at", "credentials")
    list_filter = (PendingFilter, "kind")
    search_fields = ("=key", "=commit")
    actions = ("retry", "release")
    readonly_fields = ("credentials",)

    @admin.display(description="credentials")
    def credentials(self, change: Change) -> str:
        return ", ".join(sorted({line.partition(" ")[2] for line in change.secrets.splitlines()}))

    @admin.action(description="Release from secret hold", permissions=["retry"])
    def release(self, request: HttpRequest, queryset: Any) -> None:
        count = secret_hold.release(list(queryset.values_list("pk", flat=True)))
        wakeup.drain.request()
        self.message_user(request, f"{count} changes are pending.")

    @admin.action(description="Retry rejected changes", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: Any) -> None:
        count = bisect.retry(list(queryset.values_list("pk", flat=True)))
        wakeup.drain.request()
        self.message_user(request, f"{count} changes are pending again.")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Return whether the user has permission to edit changes, although there is no form for that."""
        return request.user.has_perm("gitsync.change_change")


@admin.register(Mirror)
class MirrorAdmin(_ReadOnly):
    """The branches that are pushed to, with buttons for requests to the worker."""

    list_display = ("remote", "branch", "is_current", "tip", "arrived_at", "failures", "retry_at", "error_code")
    fields = (
        *(
            "remote",
            "branch",
            "tip",
            "pending",
            "oldest_pending",
            "rejected",
            "on_secret_hold",
            "pushed_at",
            "arrived_at",
        ),
        *("drain_began_at", "drained_at", "last_drain"),
        *("error_code", "error", "advice", "failures", "retry_at", "fetched_at", "checked_at", "check_result"),
        *("verified_at", "damage"),
        *("purges", "oldest_purge", "purge_error", "commits", "pushes", "push_seconds"),
    )
    readonly_fields = (
        *("pending", "oldest_pending", "rejected", "on_secret_hold", "advice", "purges", "oldest_purge", "purge_error"),
    )

    @admin.display(description="in use", boolean=True)
    def is_current(self, mirror: Mirror) -> bool:
        return mirror == mirror_status.current()

    @admin.display(description="pending")
    def pending(self, mirror: Mirror) -> int:
        return Change.objects.pending().count()

    @admin.display(description="age of the oldest pending change (seconds)")
    def oldest_pending(self, mirror: Mirror) -> int:
        return round(mirror_status.oldest_seconds())

    @admin.display(description="rejected")
    def rejected(self, mirror: Mirror) -> str:
        address = reverse("admin:gitsync_change_changelist")
        return format_html('<a href="{}?pending=aside">{}</a>', address, Change.objects.rejected().count())

    @admin.display(description="on secret hold")
    def on_secret_hold(self, mirror: Mirror) -> str:
        address = reverse("admin:gitsync_change_changelist")
        return format_html('<a href="{}?pending=withheld">{}</a>', address, Change.objects.on_secret_hold().count())

    @admin.display(description="pending purges")
    def purges(self, mirror: Mirror) -> str:
        address = reverse("admin:gitsync_purge_changelist")
        return format_html('<a href="{}">{}</a>', address, len(mirror_status.purges().keys))

    @admin.display(description="age of the oldest pending purge (seconds)")
    def oldest_purge(self, mirror: Mirror) -> int:
        return round(mirror_status.purges().oldest_seconds)

    @admin.display(description="last purge error")
    def purge_error(self, mirror: Mirror) -> str:
        purges = mirror_status.purges()
        return "\n".join(filter(None, (purges.error_code, purges.error, purges.advice))) or "-"

    @admin.display(description="advice")
    def advice(self, mirror: Mirror) -> str:
        return mirror_status.of(mirror).advice or "Nothing."

    def get_urls(self) -> list[Any]:
        send_request = self.admin_site.admin_view(self.send_request)
        return [path("<int:pk>/change/ask/", send_request, name="gitsync_mirror_send_request"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        current = mirror_status.current()
        kwargs["extra_context"] = {
            "can_send_request": _can_send_request(request) and current and str(current.pk) == object_id
        }
        return super().change_view(request, object_id, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return obj is not None and obj != mirror_status.current() and request.user.has_perm("gitsync.delete_mirror")

    def send_request(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Store a request in the row and wake the worker, the only process that can access Git and the remote."""
        if not _can_send_request(request):
            raise PermissionDenied
        requests: dict[str, dict[str, Any]] = {
            "push": {"retry_at": None},
            "fetch": {"fetch_requested": True},
            "check": {"check_requested": True},
        }
        update = requests.get(request.POST.get("what", ""))
        if request.method != "POST" or update is None:
            return HttpResponseNotAllowed(["POST"])
        Mirror.objects.filter(pk=pk).update(**update)
        if "retry_at" in update:
            Purge.objects.pending().update(retry_at=None)
        wakeup.drain.request()
        self.message_user(request, "The request was sent to the worker. Reload this page in a moment.")
        return redirect("admin:gitsync_mirror_change", pk)


def _can_send_request(request: HttpRequest) -> bool:
    return request.user.has_perm("gitsync.change_mirror")


@admin.register(Purge)
class PurgeAdmin(_ReadOnly):
    """Pending and completed purges."""

    list_display = ("key", "requested_at", "done_at", "tries", "retry_at", "error_code")
    search_fields = ("=key",)
