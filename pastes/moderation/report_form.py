"""The form that readers use to report a paste."""

import unicodedata

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from pastes.models import WORDS_LENGTH, Reason


class ReportForm(forms.Form):
    """The reason for a report, a description and a contact address."""

    reason = forms.ChoiceField(
        choices=[("", _("Please choose")), *((reason.value, gettext_lazy(reason.label)) for reason in Reason)],
        label=_("Reason"),
    )
    words = forms.CharField(
        required=False, max_length=WORDS_LENGTH, widget=forms.Textarea(attrs={"rows": 4}), label=_("Description")
    )
    contact = forms.EmailField(
        required=False,
        max_length=254,
        label=_("Your email address"),
        help_text=_("Optional: lets moderators contact you with questions."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout("reason", "words", "contact")

    def clean_words(self) -> str:
        """Refuse control characters, which mail programs and terminals interpret."""
        words: str = self.cleaned_data["words"].replace("\r\n", "\n").replace("\r", "\n")
        for character in words:
            if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t":
                message = gettext("%(name)s contains the control character %(character)s.")
                named = {"name": self.fields["words"].label, "character": f"U+{ord(character):04X}"}
                raise ValidationError(message % named)
        return words

    def clean(self) -> dict[str, object]:
        """Require a description for the reason "other"."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("reason") == Reason.OTHER and cleaned.get("words") == "":
            self.add_error("words", gettext("Please describe the problem."))
        return cleaned
