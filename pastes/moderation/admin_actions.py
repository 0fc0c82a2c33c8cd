"""What moderators do in the admin to pastes that should not be here, from the list of pastes and from their reports."""

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

if TYPE_CHECKING:  # At run time Django's class takes no parameter.
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

REASON_LENGTH = 500
MOST_DAYS = 3_650


class ReasonForm(ActionForm):
    """The choice of an action, with room for why."""

    reason = forms.CharField(required=False, max_length=REASON_LENGTH, label="Reason")
    days = forms.CharField(required=False, max_length=9, label="Days of a ban", widget=forms.NumberInput({"min": 1}))


class TakingDown(_ModelAdmin):
    """Hiding and purging the pastes that the chosen rows are about, and banning where they came from."""

    action_form = ReasonForm

    def pastes_of(self, rows: Any) -> QuerySet[Paste]:
        """Return the pastes that these rows are about."""
        found: QuerySet[Paste] = rows
        return found

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Whoever may change pastes, though no page lets anybody do it by hand."""
        return request.user.has_perm("pastes.change_paste")

    def has_ban_permission(self, request: HttpRequest) -> bool:
        """Whoever may ban addresses by hand may do it from here."""
        return request.user.has_perm("pastes.add_ban")

    @admin.action(description="Hide: take off the site and off the mirror's tip", permissions=["moderate"])
    def hide(self, request: HttpRequest, rows: Any) -> None:
        """Hide the pastes."""
        hidden = 0
        for paste in self.pastes_of(rows):
            reports.close(paste, Outcome.HIDDEN, by=request.user.get_username())
            hidden += writing.hide(paste)
        self.message_user(request, f"{hidden} hidden.", messages.SUCCESS)

    @admin.action(description="Purge for good, from Git as well (give a reason)", permissions=["moderate"])
    def purge(self, request: HttpRequest, rows: Any) -> None:
        """Erase the pastes, whose mirror is then rewritten by the worker; a reason has to be given."""
        reason = _reason(request)
        if not reason:
            self.message_user(request, "Nothing was purged: give a reason, which is kept.", messages.ERROR)
            return
        by = request.user.get_username()
        pastes = list(self.pastes_of(rows))
        for paste in pastes:
            reports.close(paste, Outcome.PURGED, by=by)
            erasing.purge(paste.key, reason=reason, by=by)
        self.message_user(request, f"{len(pastes)} purged. The mirror follows.", messages.SUCCESS)

    @admin.action(description="Ban where it came from (give a reason, and days or none)", permissions=["ban"])
    def ban(self, request: HttpRequest, rows: Any) -> None:
        """Ban the addresses that the pastes came from, as far as they are known; whoever is banned reads the reason."""
        reason, days = _reason(request), request.POST.get("days", "").strip()
        if not reason or (days and not _is_number(days)):
            self.message_user(request, "Nobody was banned: give a reason, and a number of days.", messages.ERROR)
            return
        pastes = [paste.pk for paste in self.pastes_of(rows)]
        origins = list(Origin.objects.filter(paste__in=pastes))
        until = timezone.now() + timedelta(days=int(days)) if days else None
        for network in {origin.address for origin in origins}:
            bans.ban(network, reason=reason, until=until, by=request.user.get_username())
        if origins:
            self.message_user(request, f"{len({origin.address for origin in origins})} banned.", messages.SUCCESS)
        if unknown := len(pastes) - len(origins):
            message = f"It is not known from where {unknown} came: see PASTEUR_KEEP_ADDRESSES."
            self.message_user(request, message, messages.WARNING)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:REASON_LENGTH]


def _is_number(days: str) -> bool:
    return days.isascii() and days.isdecimal() and len(days) < 9 and 0 < int(days) <= MOST_DAYS
