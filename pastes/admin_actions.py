"""What moderators do in the admin to pastes that should not be here, from the list of pastes and from their reports."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest

from pastes import purging, reporting, writing
from pastes.models import Paste
from pastes.moderation import Outcome

if TYPE_CHECKING:  # At run time Django's class takes no parameter.
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

REASON_LENGTH = 500


class ReasonForm(ActionForm):
    """The choice of an action, with room for why."""

    reason = forms.CharField(required=False, max_length=REASON_LENGTH, label="Reason")


class TakingDown(_ModelAdmin):
    """Hiding and purging the pastes that the chosen rows are about."""

    action_form = ReasonForm

    def pastes_of(self, rows: Any) -> QuerySet[Paste]:
        """Return the pastes that these rows are about."""
        found: QuerySet[Paste] = rows
        return found

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Whoever may change pastes, though no page lets anybody do it by hand."""
        return request.user.has_perm("pastes.change_paste")

    @admin.action(description="Hide: take off the site and off the mirror's tip", permissions=["moderate"])
    def hide(self, request: HttpRequest, rows: Any) -> None:
        """Hide the pastes."""
        hidden = 0
        for paste in self.pastes_of(rows):
            reporting.close(paste, Outcome.HIDDEN, by=request.user.get_username())
            hidden += writing.hide(paste)
        self.message_user(request, f"{hidden} hidden.", messages.SUCCESS)

    @admin.action(description="Purge for good, from Git as well (give a reason)", permissions=["moderate"])
    def purge(self, request: HttpRequest, rows: Any) -> None:
        """Erase the pastes, whose mirror is then rewritten by the worker; a reason has to be given."""
        reason = request.POST.get("reason", "").strip()[:REASON_LENGTH]
        if not reason:
            self.message_user(request, "Nothing was purged: give a reason, which is kept.", messages.ERROR)
            return
        by = request.user.get_username()
        pastes = list(self.pastes_of(rows))
        for paste in pastes:
            reporting.close(paste, Outcome.PURGED, by=by)
            purging.purge(paste.key, reason=reason, by=by)
        self.message_user(request, f"{len(pastes)} purged. The mirror follows.", messages.SUCCESS)
