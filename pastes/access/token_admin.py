"""The admin for API tokens: create a token, show its secret once, revoke it."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from pastes.access import api_tokens
from pastes.limits import rates
from pastes.models import SCOPES, ApiToken

if TYPE_CHECKING:  # Django's classes are not generic at run time.
    _Form = forms.ModelForm[ApiToken]
    _ModelAdmin = admin.ModelAdmin[ApiToken]
else:
    _Form, _ModelAdmin = forms.ModelForm, admin.ModelAdmin

_EDITABLE = ("name", *(f"may_{scope}" for scope in SCOPES), "owner", "expires_at", "limit_create", "limit_read")


class ApiTokenForm(_Form):
    """The form for a new token."""

    class Meta:
        model = ApiToken
        fields = _EDITABLE

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(f"may_{scope}") for scope in SCOPES):
            raise ValidationError("Choose at least one scope.")
        return cleaned

    def clean_limit_create(self) -> str:
        return _rates(self.cleaned_data["limit_create"])

    def clean_limit_read(self) -> str:
        return _rates(self.cleaned_data["limit_read"])


def _rates(text: str) -> str:
    try:
        rates.parse(text or "off")
    except ValueError as error:
        raise ValidationError(f"It {error}.") from None
    return text


@admin.register(ApiToken)
class ApiTokenAdmin(_ModelAdmin):
    """API tokens. They cannot be changed, only revoked and replaced."""

    form = ApiTokenForm
    list_display = ("name", "scopes", "owner", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("owner",)
    search_fields = ("name",)
    ordering = ("-id",)
    actions = ("revoke",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is not None:
            return (*_EDITABLE, "created_at", "last_used_at", "revoked_at")
        # Only moderators may create tokens that may moderate.
        return () if request.user.has_perm("pastes.change_paste") else ("may_moderate",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return _EDITABLE if obj is None else (*_EDITABLE, "created_at", "last_used_at", "revoked_at")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if kwargs["change"]:
            context |= {"show_save": False, "show_save_and_continue": False, "show_close": True}
        else:
            context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        if not change:
            obj.secret = api_tokens.draw()  # type: ignore[attr-defined]  # Only for `response_add`.
            obj.secret_hash = api_tokens.hashed(obj.secret)  # type: ignore[attr-defined]  # As above.
            super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        # The secret is not shown as a message, which would be stored in a cookie or session.
        context = {
            **self.admin_site.each_context(request),
            "title": f"API token {obj.name}",
            "secret": obj.secret,  # type: ignore[attr-defined]  # See `save_model`.
            "opts": self.opts,
        }
        return TemplateResponse(
            request, "admin/pastes/apitoken/made.html", context, headers={"Cache-Control": "no-store"}
        )

    @admin.display(description="scopes")
    def scopes(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        revoked = sum(api_tokens.revoke(token) for token in tokens)
        self.message_user(request, f"{revoked} revoked.", messages.SUCCESS)
