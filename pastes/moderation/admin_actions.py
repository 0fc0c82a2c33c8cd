"""Admin actions that take pastes down, available in the lists of pastes and reports."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from pastes.access import bans
from pastes.lifecycle import erasing, writing
from pastes.models import Origin, Outcome, Paste
from pastes.moderation import reports

if TYPE_CHECKING:  # Django's class is not generic at run time.
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

REASON_LENGTH = 500
MAX_BAN_DAYS = 3_650


class ReasonForm(ActionForm):
    """The form of the action menu, with a reason and the duration of a ban."""

    reason = forms.CharField(required=False, max_length=REASON_LENGTH, label="Reason")
    days = forms.CharField(
        required=False, max_length=9, label="Ban duration in days", widget=forms.NumberInput({"min": 1})
    )


class TakedownActions(_ModelAdmin):
    """Actions that hide or purge the pastes in the selected rows, or ban their origins."""

    action_form = ReasonForm

    def pastes_of(self, rows: Any) -> QuerySet[Paste]:
        """Return the pastes that the selected rows refer to."""
        pastes: QuerySet[Paste] = rows
        return pastes

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user has permission to change pastes, even though there is no form for it."""
        return request.user.has_perm("pastes.change_paste")

    def has_ban_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may add bans."""
        return request.user.has_perm("pastes.add_ban")

    @admin.action(description="Hide from the site and from the mirror's tip", permissions=["moderate"])
    def hide(self, request: HttpRequest, rows: Any) -> None:
        """Hide the pastes and close their reports."""
        hidden = 0
        for paste in self.pastes_of(rows):
            reports.close(paste, Outcome.HIDDEN, by=request.user.get_username())
            hidden += writing.hide(paste)
        self.message_user(request, f"{hidden} hidden.", messages.SUCCESS)

    @admin.action(description="Purge permanently, including from Git (requires a reason)", permissions=["moderate"])
    def purge(self, request: HttpRequest, rows: Any) -> None:
        """Purge the pastes. The worker then rewrites the mirror. A reason is required."""
        reason = _reason(request)
        if not reason:
            self.message_user(request, "Nothing was purged: a reason is required and will be stored.", messages.ERROR)
            return
        by = request.user.get_username()
        pastes = list(self.pastes_of(rows))
        for paste in pastes:
            reports.close(paste, Outcome.PURGED, by=by)
            erasing.purge(paste.key, reason=reason, by=by)
        self.message_user(request, f"{len(pastes)} purged. The mirror will follow.", messages.SUCCESS)

    @admin.action(description="Ban the origin (requires a reason; the duration is optional)", permissions=["ban"])
    def ban(self, request: HttpRequest, rows: Any) -> None:
        """Ban the origins of the pastes if they were recorded. Banned callers see the reason."""
        reason, days = _reason(request), request.POST.get("days", "").strip()
        if not reason or (days and not _is_valid_days(days)):
            self.message_user(
                request,
                "No address was banned: enter a reason and, optionally, a valid number of days.",
                messages.ERROR,
            )
            return
        pastes = [paste.pk for paste in self.pastes_of(rows)]
        origins = list(Origin.objects.filter(paste__in=pastes))
        until = timezone.now() + timedelta(days=int(days)) if days else None
        for network in {origin.address for origin in origins}:
            bans.ban(network, reason=reason, until=until, by=request.user.get_username())
        if origins:
            self.message_user(request, f"{len({origin.address for origin in origins})} banned.", messages.SUCCESS)
        if unknown := len(pastes) - len(origins):
            message = f"{unknown} origins are not recorded; see PASTEUR_KEEP_ADDRESSES."
            self.message_user(request, message, messages.WARNING)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:REASON_LENGTH]


def _is_valid_days(days: str) -> bool:
    return days.isascii() and days.isdecimal() and len(days) < 9 and 0 < int(days) <= MAX_BAN_DAYS
