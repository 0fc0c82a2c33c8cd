"""The compose form: what the paste is called and what becomes of it, and one part for each of its files."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout
from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from pastes.access import edit_tokens
from pastes.errors import RefusedError
from pastes.http import request_body
from pastes.lifecycle.draft import MAX_FILES, Draft, NewFile
from pastes.models import AUTHOR_LENGTH, COMMENT_LENGTH, NAME_BYTES, TITLE_LENGTH, Visibility
from pastes.rules import languages, lifetimes

Uploads = MultiValueDict[str, Any]

_SELECTED = mark_safe(" selected")
_NO_CHOICE = _("“%(value).50s” is not one of the choices.")


def _choices() -> list[tuple[str, Any]]:
    """Return the languages; the first, which is none, is the only one whose name is not the same everywhere."""
    return [(name, _("Plain text") if name == languages.PLAIN.name else label) for name, label in languages.choices()]


def _helper(*layout: Any) -> FormHelper:
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout(*layout)
    return helper


class Select(forms.Select):
    """A select whose options are written without a template for each: fifty files offer thousands of them."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """Return the element; its options are in no groups."""
        chosen = self.format_value(value)
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            ((key, _SELECTED if str(key) in chosen else "", label) for key, label in self.choices),
        )
        facts = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return format_html("<select{}>\n{}\n</select>", facts, options)


class PasteForm(forms.Form):
    """Everything but the files."""

    title = forms.CharField(required=False, max_length=TITLE_LENGTH, label=_("Title"))
    author = forms.CharField(required=False, max_length=AUTHOR_LENGTH, label=_("Your name"))
    comment = forms.CharField(
        required=False, max_length=COMMENT_LENGTH, widget=forms.Textarea(attrs={"rows": 2}), label=_("Comment")
    )
    visibility = forms.ChoiceField(
        choices=[
            (Visibility.UNLISTED.value, _("Unlisted: whoever has the link")),
            (Visibility.PUBLIC.value, _("Public: listed among the recent pastes")),
        ],
        initial=Visibility.UNLISTED,
        label=_("Who finds it"),
        error_messages={"invalid_choice": _NO_CHOICE},
    )
    expires = forms.ChoiceField(
        choices=[(lifetime.name, gettext_lazy(lifetime.label)) for lifetime in lifetimes.LIFETIMES.values()],
        initial=lifetimes.NEVER.name,
        label=_("Expires"),
        error_messages={"invalid_choice": _NO_CHOICE},
    )
    burn = forms.BooleanField(required=False, label=_("Burn after reading: the first reader is the last"))
    forked_from = forms.CharField(required=False, widget=forms.HiddenInput)
    #: Pressing the button twice makes one paste (idempotency.py).
    once = forms.CharField(required=False, widget=forms.HiddenInput, initial=edit_tokens.draw)

    helper = _helper("title", "author", "comment", "visibility", "expires", "burn", "forked_from", "once")


class EditForm(PasteForm):
    """What may still be changed of a paste, and what shows that one may."""

    expires = burn = forked_from = once = None  # type: ignore[assignment]  # Django's way to leave a field out.
    token = forms.CharField(
        label=_("Edit token"),
        help_text=_("It came with the address of the new paste, after #token=; the browser that made it fills it in."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    expected = forms.IntegerField(widget=forms.HiddenInput)

    helper = _helper("title", "author", "comment", "visibility", "token", "expected")


class FileForm(forms.Form):
    """One file: text that is typed, or a file that is chosen."""

    name = forms.CharField(required=False, max_length=NAME_BYTES, label=_("File name"))
    language = forms.ChoiceField(
        choices=[("", _("From the name")), *_choices()],
        required=False,
        widget=Select,
        label=_("Language"),
        error_messages={"invalid_choice": _NO_CHOICE},
    )
    content = forms.CharField(
        required=False,
        strip=False,
        label=_("Text"),
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "autocapitalize": "off", "class": "code"}),
    )
    upload = forms.FileField(required=False, allow_empty_file=True, label=_("or a file from your disk"))

    helper = _helper(Div(Field("name", placeholder="hello.py"), "language", css_class="pair"), "content", "upload")

    def new_file(self) -> NewFile | None:
        """Return the file of this part, or None when nothing was filled in. Raises RefusedError."""
        data = self.cleaned_data
        if not data:
            return None  # A further part that nobody touched.
        upload = data["upload"]
        if upload is None:
            return NewFile(data["content"], data["name"], data["language"]) if data["content"] else None
        if data["content"]:
            raise RefusedError("ambiguous", gettext("Give either a text or a file, not both."), field="content")
        content = request_body.utf8(upload.read(), what=upload.name[:50])
        return NewFile(content, data["name"] or upload.name, data["language"])


FileForms = forms.formset_factory(FileForm, extra=0, min_num=1, max_num=MAX_FILES, absolute_max=MAX_FILES)


class Compose:
    """The paste's form and the forms of its files as one, usable without JavaScript."""

    most_files = MAX_FILES

    def __init__(
        self,
        fields: QueryDict | None = None,
        uploads: Uploads | None = None,
        *,
        facts: Mapping[str, object] = MappingProxyType({}),
        files: Sequence[Mapping[str, str]] = (),
        form: type[PasteForm] = PasteForm,
    ) -> None:
        """Take what was sent; or show `facts` and `files` to begin with."""
        sent: list[tuple[str, list[Any]]] = [*(fields.lists() if fields else ()), *(uploads.lists() if uploads else ())]
        self._twice = [name for name, values in sent if len(values) > 1]
        self.asks_for_another_file = fields is not None and "add_file" in fields
        if self.asks_for_another_file and fields is not None:
            fields = _with_one_more(fields)
        if fields is not None and uploads:
            fields, uploads = _with_uploads_as_text(fields, uploads)
        self.paste = form(fields, initial={**facts})
        self.files = FileForms(fields, uploads, prefix="files", initial=[{**file} for file in files] or None)
        self.status = 422
        self.refused = ""

    @property
    def has_room(self) -> bool:
        """Whether another file may be added."""
        return self.files.total_form_count() < MAX_FILES

    def is_valid(self) -> bool:
        """Whether every field came once and holds what it may; the errors stand beside the fields."""
        if self._twice:
            self.add_error(
                RefusedError("ambiguous", gettext("The field %(name)s came twice.") % {"name": self._twice[0][:50]})
            )
            return False
        return all([self.paste.is_valid(), self.files.is_valid()])

    def new_files(self) -> list[NewFile]:
        """Return the files that were written, once they are valid. Raises RefusedError."""
        files = [file for file in (form.new_file() for form in self.files) if file is not None]
        if not files:
            raise RefusedError("empty", gettext("There is no text to paste."), field="files")
        return files

    def draft(self) -> Draft:
        """Return what was written, once it is valid. Raises RefusedError."""
        files = self.new_files()
        data = self.paste.cleaned_data
        return Draft(
            files=files,
            title=data["title"],
            author=data["author"],
            comment=data["comment"],
            visibility=data["visibility"],
            lifetime=lifetimes.named(data["expires"]).length,
            burn=data["burn"],
            forked_from=data["forked_from"],
        )

    def add_error(self, refused: RefusedError) -> None:
        """Show why a draft was refused: beside its field where the form has it, else above the form."""
        self.status = refused.status
        if refused.field in self.paste.fields and self.paste.is_bound:
            self.paste.add_error(refused.field, refused.message)
        else:
            self.refused = refused.message

    def refusal(self) -> RefusedError:
        """Return the first of the errors, for who sees no form."""
        if self.refused:
            return RefusedError("form", self.refused, status=self.status)
        found = [(name, errors[0]) for form in (self.paste, *self.files) for name, errors in form.errors.items()]
        found += [("files", error) for error in self.files.non_form_errors()]
        name, message = found[0]
        return RefusedError("form", f"{name}: {message}", status=self.status, field=name)


def wanted(wishes: QueryDict) -> dict[str, str]:
    """Return what a link to the form fills in, such as `/?language=python&title=Hello`; what it cannot be is left."""
    known = {*PasteForm.base_fields, *FileForm.base_fields} - {"forked_from", "once", "upload"}
    wants = {name: str(wishes[name]) for name in wishes if name in known}
    if language := languages.named(wants.get("language", "")):
        wants["language"] = language.name
    for name, form in [("visibility", PasteForm), ("expires", PasteForm), ("language", FileForm)]:
        field = form.base_fields[name]
        if name in wants and not (isinstance(field, forms.ChoiceField) and field.valid_value(wants[name])):
            del wants[name]
    return wants


def _with_one_more(fields: QueryDict) -> QueryDict:
    grown = fields.copy()
    total = grown.get("files-TOTAL_FORMS") or ""
    if total.isascii() and total.isdecimal() and len(total) < 4:
        grown["files-TOTAL_FORMS"] = str(min(int(total) + 1, MAX_FILES))
    return grown


def _with_uploads_as_text(fields: QueryDict, uploads: Uploads) -> tuple[QueryDict, Uploads]:
    """Put each chosen file into the box of its part: no browser chooses it again when the form comes back."""
    grown, rest = fields.copy(), Uploads()
    for name in uploads:
        upload: Any = uploads[name]
        part = name.removesuffix("-upload")
        try:
            text = upload.read().decode()
        except UnicodeDecodeError:
            text = ""  # Its own part says what is wrong with it.
        if text and not grown.get(f"{part}-content"):
            grown[f"{part}-content"] = text
            grown[f"{part}-name"] = grown.get(f"{part}-name") or upload.name
        else:
            upload.seek(0)
            rest[name] = upload
    return grown, rest
