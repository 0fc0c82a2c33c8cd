"""For operators: what is pending, what has arrived, and how pushing goes. Nothing here can be edited."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from gitsync import doorbell, refusals
from gitsync.models import Change, Mirror, Purge

if TYPE_CHECKING:  # At run time Django's class takes no parameter.
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class _ReadOnly(_ModelAdmin):
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The write path makes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The write path changes these rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows of the outbox are its history."""
        return False


class PendingFilter(admin.SimpleListFilter):
    """Changes that wait, that were set aside, or that have arrived."""

    title = "state"
    parameter_name = "pending"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("yes", "waiting"), ("aside", "set aside"), ("no", "settled")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return what the choice leaves."""
        if self.value() is None:
            return queryset
        if self.value() == "no":
            return queryset.filter(settled_at__isnull=False)
        return queryset.filter(settled_at=None, set_aside_at__isnull=self.value() == "yes")


@admin.register(Change)
class ChangeAdmin(_ReadOnly):
    """The outbox."""

    list_display = ("name", "kind", "revision", "created_at", "settled_at", "commit", "set_aside_at")
    list_filter = (PendingFilter, "kind")
    search_fields = ("=key", "=commit")
    actions = ("retry",)

    @admin.action(description="Retry what was set aside", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: Any) -> None:
        """Let the chosen changes be pushed again."""
        count = refusals.retry(list(queryset.values_list("pk", flat=True)))
        doorbell.ring()
        self.message_user(request, f"{count} changes wait for the next push again.")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Whoever may change changes, though these pages let nobody do it by hand."""
        return request.user.has_perm("gitsync.change_change")


@admin.register(Mirror)
class MirrorAdmin(_ReadOnly):
    """The branches that are pushed to."""

    list_display = ("remote", "branch", "tip", "pushed_at", "failures", "retry_at", "error_code")


@admin.register(Purge)
class PurgeAdmin(_ReadOnly):
    """What has to leave the history, and what has left it."""

    list_display = ("key", "asked_at", "done_at")
    search_fields = ("=key",)
