"""For operators: what is pending, what has arrived, and how pushing goes. Nothing here can be changed."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

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
    """Changes that wait, or that have arrived."""

    title = "state"
    parameter_name = "pending"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("yes", "waiting"), ("no", "settled")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return what the choice leaves."""
        return queryset if self.value() is None else queryset.filter(settled_at__isnull=self.value() == "yes")


@admin.register(Change)
class ChangeAdmin(_ReadOnly):
    """The outbox."""

    list_display = ("name", "kind", "revision", "created_at", "settled_at", "commit")
    list_filter = (PendingFilter, "kind")
    search_fields = ("=key", "=commit")


@admin.register(Mirror)
class MirrorAdmin(_ReadOnly):
    """The branches that are pushed to."""

    list_display = ("remote", "branch", "tip", "pushed_at", "failures", "retry_at", "error_code")


@admin.register(Purge)
class PurgeAdmin(_ReadOnly):
    """What has to leave the history, and what has left it."""

    list_display = ("key", "asked_at", "done_at")
    search_fields = ("=key",)
