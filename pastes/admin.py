"""For moderators: find a paste, read it, hide it, show it again. Nothing here writes past writing.py."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from pastes.access import token_admin  # noqa: F401  (registers itself)
from pastes.lifecycle import mirror_copy, writing
from pastes.models import Origin, Paste, Revision, Tombstone
from pastes.moderation import admin_lists, ban_admin, report_admin  # noqa: F401  (two register themselves)
from pastes.moderation.admin_actions import TakingDown
from pastes.moderation.admin_lists import BoundedPaginator, PasteList

if TYPE_CHECKING:  # At run time Django's classes take no parameters.
    _TabularInline = admin.TabularInline[Revision, Paste]
    _ModelAdmin = admin.ModelAdmin[Paste]
    _TombstoneAdmin = admin.ModelAdmin[Tombstone]
else:
    _TabularInline, _ModelAdmin, _TombstoneAdmin = admin.TabularInline, admin.ModelAdmin, admin.ModelAdmin

_SHOWN_CHARACTERS = 20_000
#: A paste that is edited all day has more than a page can show.
_SHOWN_REVISIONS = 20


class RevisionInline(_TabularInline):
    """The revisions of a paste with their files."""

    model = Revision
    fields = readonly_fields = ("number", "created_at", "texts")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Revisions come from their authors alone."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        """Return the newest revisions of the paste that is looked at, with their files in one query."""
        found: QuerySet[Revision] = super().get_queryset(request).prefetch_related("files")
        match = request.resolver_match
        pk = match.kwargs.get("object_id", "") if match else ""
        if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
            return found.none()
        newest = Revision.objects.filter(paste_id=int(pk)).order_by("-number").values_list("pk", flat=True)
        return found.filter(pk__in=list(newest[:_SHOWN_REVISIONS]))

    @admin.display(description="files")
    def texts(self, revision: Revision) -> SafeString:
        """Return the files of a revision, each escaped and cut to what a page can show."""
        rows = (
            (file.name, file.label, file.size_bytes, file.content[:_SHOWN_CHARACTERS]) for file in revision.files.all()
        )
        return format_html_join("", "<p><strong>{}</strong> {}, {} bytes</p><pre>{}</pre>", rows)


@admin.register(Tombstone)
class TombstoneAdmin(_TombstoneAdmin):
    """What was purged, when, why and by whom."""

    list_display = ("key", "reason", "by", "created_at")
    search_fields = ("=key", "=old_code", "reason")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Purging makes these."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are set in stone."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Without its stone, a paste could come back."""
        return False


@admin.register(Paste)
class PasteAdmin(TakingDown, _ModelAdmin):
    """Pastes, as moderators see them."""

    list_display = ("key", "title", "author", "visibility", "state", "created_at", "mirror_state")
    list_filter = ("state", "visibility", "burn", "encrypted", "created_at")
    search_fields = ("key", "title", "author")
    search_help_text = "Key or address of a paste; title, author, file name, text; the address it came from"
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
        """Return how the list finds its rows."""
        return PasteList

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Pastes come through the site."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keys are never used again, so rows stay; hiding takes a paste off the site."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Paste], search_term: str
    ) -> tuple[QuerySet[Paste], bool]:
        """Find what a moderator means, see `admin_lists.search`."""
        term = search_term.strip()
        return (admin_lists.search(queryset, term) if term else queryset), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show no button that would save nothing."""
        context |= {"show_save": False, "show_save_and_continue": False, "show_close": True}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="page")
    def page(self, paste: Paste) -> SafeString:
        """Return a link to the paste as visitors see it."""
        return format_html('<a href="{}">{}</a>', paste.get_absolute_url(), paste.key)

    @admin.display(description="came from")
    def came_from(self, paste: Paste) -> str:
        """Return from where it came, or was edited last, with the way to what else came from there."""
        origin = Origin.objects.filter(paste=paste).first()
        if origin is None:
            return "not known"
        return format_html('<a href="../../?q={0}">{0}</a>', origin.address)

    @admin.display(description="mirror")
    def mirror_state(self, paste: Paste) -> str:
        """Return where the paste stands in Git."""
        copy: mirror_copy.Copy = getattr(paste, "copy", None) or mirror_copy.of(paste)
        return f"{copy.state} {copy.commit[:10]}".strip()

    @admin.action(description="Show again what was hidden", permissions=["change"])
    def show_again(self, request: HttpRequest, pastes: QuerySet[Paste]) -> None:
        """Put the chosen pastes back."""
        shown = sum(writing.show(paste) for paste in pastes)
        self.message_user(request, f"{shown} shown again.", messages.SUCCESS)
