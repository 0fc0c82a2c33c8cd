"""Bans in the admin: made there, changed, and lifted by deleting them."""

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from pastes.access import bans
from pastes.models import Ban

if TYPE_CHECKING:  # At run time Django's classes take no parameters.
    _Form = forms.ModelForm[Ban]
    _ModelAdmin = admin.ModelAdmin[Ban]
else:
    _Form, _ModelAdmin = forms.ModelForm, admin.ModelAdmin


class BanForm(_Form):
    """What is asked of who bans."""

    class Meta:
        model = Ban
        fields = ("network", "reason", "until")

    def clean_network(self) -> str:
        """Take what names a network, and not too large a one."""
        try:
            return bans.written(str(bans.parse(self.cleaned_data["network"])))
        except ValueError as error:
            raise ValidationError(f"{str(error).capitalize()}.") from None


@admin.register(Ban)
class BanAdmin(_ModelAdmin):
    """Who may read, and nothing else."""

    form = BanForm
    list_display = ("network", "reason", "until", "created_at", "by")
    search_fields = ("=network", "reason")
    search_help_text = "An address or a network, or words of a reason"
    show_full_result_count = False
    readonly_fields = ("created_at", "by")

    def save_model(self, request: HttpRequest, obj: Ban, form: Any, change: bool) -> None:
        """Keep who did it."""
        obj.by = request.user.get_username()
        super().save_model(request, obj, form, change)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Ban], search_term: str
    ) -> tuple[QuerySet[Ban], bool]:
        """Find all bans that hold for an address."""
        try:
            return queryset.filter(bans.covering(ip_address(search_term.strip()))), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
