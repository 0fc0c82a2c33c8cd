"""The admin for bans: add and change them, or lift them by deletion."""

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from pastes.access import bans
from pastes.models import Ban

if TYPE_CHECKING:  # Django's classes are not generic at run time.
    _Form = forms.ModelForm[Ban]
    _ModelAdmin = admin.ModelAdmin[Ban]
else:
    _Form, _ModelAdmin = forms.ModelForm, admin.ModelAdmin


class BanForm(_Form):
    """The form for a ban."""

    class Meta:
        model = Ban
        fields = ("network", "reason", "until")

    def clean_network(self) -> str:
        """Return the network in its normalized form. Raise ValidationError if it is invalid or too large."""
        try:
            return bans.normalize(str(bans.parse(self.cleaned_data["network"])))
        except ValueError as error:
            message = str(error)
            raise ValidationError(f"{message[0].upper()}{message[1:]}.") from None


@admin.register(Ban)
class BanAdmin(_ModelAdmin):
    """Banned networks, whose callers may read but not write."""

    form = BanForm
    list_display = ("network", "reason", "until", "created_at", "by")
    search_fields = ("=network", "reason")
    search_help_text = "An address, a network, or words from the reason"
    show_full_result_count = False
    readonly_fields = ("created_at", "by")

    def save_model(self, request: HttpRequest, obj: Ban, form: Any, change: bool) -> None:
        obj.by = request.user.get_username()
        super().save_model(request, obj, form, change)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Ban], search_term: str
    ) -> tuple[QuerySet[Ban], bool]:
        """Find all bans that cover the search term if it is an address, and search as usual otherwise."""
        try:
            return queryset.filter(bans.covering(ip_address(search_term.strip()))), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
