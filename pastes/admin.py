"""The admin for pastes: find, read, hide and show them. All writes go through lifecycle/writing.py."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from pastes.access import token_admin  # noqa: F401  (registered on import)
from pastes.lifecycle import mirror_copy, writing
from pastes.models import Origin, Paste, Revision, Tombstone
from pastes.moderation import admin_lists, ban_admin, report_admin  # noqa: F401  (registered on import)
from pastes.moderation.admin_actions import TakedownActions
from pastes.moderation.admin_lists import BoundedPaginator, PasteList

if TYPE_CHECKING:  # Django's classes are not generic at run time.
    _TabularInline = admin.TabularInline[Revision, Paste]
    _ModelAdmin = admin.ModelAdmin[Paste]
    _TombstoneAdmin = admin.ModelAdmin[Tombstone]
else:
    _TabularInline, _ModelAdmin, _TombstoneAdmin = admin.TabularInline, admin.ModelAdmin, admin.ModelAdmin

_MAX_CHARACTERS = 20_000
#: The number of revisions shown on a page: a paste may have thousands.
_MAX_REVISIONS = 20


class RevisionInline(_TabularInline):
    """The revisions of a paste and their files."""

    model = Revision
    fields = readonly_fields = ("number", "created_at", "texts")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        """Return the newest revisions of the displayed paste, prefetching their files."""
        revisions: QuerySet[Revision] = super().get_queryset(request).prefetch_related("files")
        match = request.resolver_match
        pk = match.kwargs.get("object_id", "") if match else ""
        if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
            return revisions.none()
        newest = Revision.objects.filter(paste_id=int(pk)).order_by("-number").values_list("pk", flat=True)
        return revisions.filter(pk__in=list(newest[:_MAX_REVISIONS]))

    @admin.display(description="files")
    def texts(self, revision: Revision) -> SafeString:
        """Return the files of a revision as HTML, each truncated to _MAX_CHARACTERS."""
        rows = (
            (file.name, file.label, file.size_bytes, file.content[:_MAX_CHARACTERS]) for file in revision.files.all()
        )
        return format_html_join("", "<p><strong>{}</strong> {}, {} bytes</p><pre>{}</pre>", rows)


@admin.register(Tombstone)
class TombstoneAdmin(_TombstoneAdmin):
    """Tombstones of purged pastes. Read-only, since deleting a tombstone would allow its paste to come back."""

    list_display = ("key", "reason", "by", "created_at")
    search_fields = ("=key", "=old_code", "reason")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Paste)
class PasteAdmin(TakedownActions, _ModelAdmin):
    """Pastes, read-only except for the actions. Rows are never deleted, since keys must not be reused."""

    list_display = ("key", "title", "author", "visibility", "state", "created_at", "mirror_state")
    list_filter = ("state", "visibility", "burn", "encrypted", "created_at")
    search_fields = ("key", "title", "author")
    search_help_text = "Key or URL of a paste; title, author, file name or content; origin address"
    date_hierarchy = None
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    actions = ("hide", "show_again", "purge", "ban")
    inlines = (RevisionInline,)
    fields = readonly_fields = (
        *("page", "title", "author", "comment", "visibility", "state", "mirror_state", "burn", "encrypted"),
        *("head", "created_at", "expires_at", "came_from"),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PasteList]:
        return PasteList

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Paste], search_term: str
    ) -> tuple[QuerySet[Paste], bool]:
        term = search_term.strip()
        return (admin_lists.search(queryset, term) if term else queryset), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Hide the save buttons, as there is nothing to save."""
        context |= {"show_save": False, "show_save_and_continue": False, "show_close": True}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="page")
    def page(self, paste: Paste) -> SafeString:
        """Return a link to the paste on the site."""
        return format_html('<a href="{}">{}</a>', paste.get_absolute_url(), paste.key)

    @admin.display(description="origin")
    def came_from(self, paste: Paste) -> str:
        """Return the address of the last write, linked to all pastes from that address."""
        origin = Origin.objects.filter(paste=paste).first()
        if origin is None:
            return "unknown"
        return format_html('<a href="../../?q={0}">{0}</a>', origin.address)

    @admin.display(description="mirror")
    def mirror_state(self, paste: Paste) -> str:
        """Return the state of the paste in the mirror."""
        copy: mirror_copy.Copy = getattr(paste, "copy", None) or mirror_copy.of(paste)
        return f"{copy.state} {copy.commit[:10]}".strip()

    @admin.action(description="Show hidden pastes again", permissions=["change"])
    def show_again(self, request: HttpRequest, pastes: QuerySet[Paste]) -> None:
        """Show the selected pastes again."""
        count = sum(writing.show(paste) for paste in pastes)
        self.message_user(request, f"{count} shown again.", messages.SUCCESS)
