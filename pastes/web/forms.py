"""The forms for new and edited pastes: one for the paste itself and one for each of its files."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout
from django import forms
from django.conf import settings
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
from pastes.http.request_body import decode_utf8
from pastes.lifecycle.draft import MAX_FILES, Draft, NewFile
from pastes.models import AUTHOR_LENGTH, COMMENT_LENGTH, NAME_BYTES, TITLE_LENGTH, File, Visibility
from pastes.rules import languages, lifetimes
from pastes.web import line_ends

Uploads = MultiValueDict[str, Any]

_SELECTED = mark_safe(" selected")
_NO_CHOICE = _("“%(value).50s” is not a valid choice.")


def _language_choices() -> list[tuple[str, Any]]:
    """Return the names and labels of languages. Only the label of plain text is translated."""
    return [(name, _("Plain text") if name == languages.PLAIN.name else label) for name, label in languages.choices()]


def _helper(*layout: Any) -> FormHelper:
    helper = FormHelper()
    helper.form_tag, helper.disable_csrf, helper.layout = False, True, Layout(*layout)
    return helper


class Select(forms.Select):
    """A select that renders its options without a template each: a form with fifty files has thousands of them."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        selected = self.format_value(value)
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            ((key, _SELECTED if str(key) in selected else "", label) for key, label in self.choices),
        )
        attributes = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return format_html("<select{}>\n{}\n</select>", attributes, options)


class PasteForm(forms.Form):
    """All fields of a paste except its files."""

    title = forms.CharField(required=False, max_length=TITLE_LENGTH, label=_("Title"))
    author = forms.CharField(required=False, max_length=AUTHOR_LENGTH, label=_("Your name"))
    comment = forms.CharField(
        required=False, max_length=COMMENT_LENGTH, widget=forms.Textarea(attrs={"rows": 2}), label=_("Comment")
    )
    visibility = forms.ChoiceField(
        choices=[
            (Visibility.UNLISTED.value, _("Unlisted: anyone with the link")),
            (Visibility.PUBLIC.value, _("Public: listed under recent pastes")),
        ],
        initial=lambda: settings.PASTEUR_DEFAULT_VISIBILITY,
        label=_("Visibility"),
        error_messages={"invalid_choice": _NO_CHOICE},
    )
    expires = forms.ChoiceField(
        choices=[(lifetime.name, gettext_lazy(lifetime.label)) for lifetime in lifetimes.LIFETIMES.values()],
        initial=lambda: settings.PASTEUR_DEFAULT_EXPIRES,
        label=_("Expiration"),
        error_messages={"invalid_choice": _NO_CHOICE},
    )
    burn = forms.BooleanField(required=False, label=_("Burn after reading: can be opened only once"))
    forked_from = forms.CharField(required=False, widget=forms.HiddenInput)
    #: Set by the script that encrypts.
    encrypted = forms.BooleanField(required=False, widget=forms.HiddenInput)
    #: A random value that prevents a double click from creating two pastes (lifecycle/idempotency.py).
    once = forms.CharField(required=False, widget=forms.HiddenInput, initial=edit_tokens.draw)

    #: What few authors change, folded away on phones, and the rest.
    details = _helper("title", "author", "comment", "visibility", "expires")
    helper = _helper("burn", "forked_from", "once")


class EditForm(PasteForm):
    """The fields that can be edited, and the edit token."""

    expires = burn = forked_from = encrypted = once = None  # type: ignore[assignment]  # Django's way to remove a field.
    token = forms.CharField(
        label=_("Edit token"),
        help_text=_(
            "Filled in automatically in the browser that created the paste; also part of the edit link, after #token=."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    expected = forms.IntegerField(widget=forms.HiddenInput)

    details = _helper("title", "author", "comment", "visibility")
    helper = _helper("token", "expected")


class FileForm(forms.Form):
    """A file, either entered as text or uploaded."""

    name = forms.CharField(required=False, max_length=NAME_BYTES, label=_("File name"))
    language = forms.ChoiceField(
        choices=[("", _("From the file name")), *_language_choices()],
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
    upload = forms.FileField(required=False, allow_empty_file=True, label=_("or upload a file"))

    helper = _helper(Div(Field("name", placeholder="hello.py"), "language", css_class="pair"), "content", "upload")

    def new_file(self) -> NewFile | None:
        """Return the file, or None when the form is empty: it has neither a text nor a name. Raise RefusedError."""
        data = self.cleaned_data
        if not data:
            return None  # An extra form without input.
        upload = data["upload"]
        if upload is None:
            is_empty = not data["content"] and not data["name"]
            return None if is_empty else NewFile(data["content"], data["name"], data["language"])
        if data["content"]:
            raise RefusedError("ambiguous", gettext("Enter a text or choose a file, not both."), field="content")
        content = decode_utf8(upload.read(), name=upload.name[:50])
        return NewFile(content, data["name"] or upload.name, data["language"])


FileForms = forms.formset_factory(FileForm, extra=0, min_num=1, max_num=MAX_FILES, absolute_max=MAX_FILES)


class Compose:
    """The form for a paste combined with those for its files. It works without JavaScript."""

    max_files = MAX_FILES

    def __init__(
        self,
        fields: QueryDict | None = None,
        uploads: Uploads | None = None,
        *,
        initial: Mapping[str, object] = MappingProxyType({}),
        files: Sequence[Mapping[str, str]] = (),
        form: type[PasteForm] = PasteForm,
    ) -> None:
        """Bind the form to submitted fields and uploads, or create an unbound form with initial values."""
        parts: list[tuple[str, list[Any]]] = [
            *(fields.lists() if fields else ()),
            *(uploads.lists() if uploads else ()),
        ]
        self._repeated = [name for name, values in parts if len(values) > 1]
        self.adds_file = fields is not None and "add_file" in fields
        if self.adds_file and fields is not None:
            fields = _with_another_file(fields)
        if fields is not None and fields.get("line_ends") == "browser":
            fields = line_ends.undo_browser(fields)  # Before uploads, which keep theirs, are moved into text boxes.
        if fields is not None and uploads:
            fields, uploads = _with_uploads_as_text(fields, uploads)
        self.paste = form(fields, initial={**initial})
        self.files = FileForms(fields, uploads, prefix="files", initial=[{**file} for file in files] or None)
        self.status = 422
        self.refused = ""
        self._places: list[int] = []  # Of each new file among the forms, some of which are empty.

    @property
    def has_room(self) -> bool:
        """Whether another file can be added to the form."""
        return self.files.total_form_count() < MAX_FILES

    def is_valid(self) -> bool:
        """Return whether all fields are valid and none is repeated. Errors are shown next to the fields."""
        if self._repeated:
            self.add_error(
                RefusedError(
                    "ambiguous", gettext("The field %(name)s was sent twice.") % {"name": self._repeated[0][:50]}
                )
            )
            return False
        return all([self.paste.is_valid(), self.files.is_valid()])

    def new_files(self, originals: Sequence[File] = ()) -> list[NewFile]:
        """Return the files of a valid form. Raise RefusedError.

        The form was filled with `originals`: what was not changed keeps its line ends, and an original whose text was
        cleared is left out.
        """
        cleared = {original.name for original in originals if original.content}
        files: list[NewFile] = []
        self._places = []
        for place, form in enumerate(self.files):
            try:
                file = form.new_file()
            except RefusedError as refused:
                self._places.append(place)
                refused.file = len(files)
                raise
            if file is not None and (file.content or file.name not in cleared):
                self._places.append(place)
                files.append(file)
        if not any(file.content for file in files):
            raise RefusedError("empty", gettext("There is no text to paste."), field="files")
        return line_ends.restore(files, originals)

    def draft(self, originals: Sequence[File] = ()) -> Draft:
        """Return the draft of a valid form, filled with `originals` for a fork. Raise RefusedError."""
        files = self.new_files(originals)
        data = self.paste.cleaned_data
        return Draft(
            files=files,
            title=data["title"],
            author=data["author"],
            comment=data["comment"],
            visibility=data["visibility"],
            lifetime=lifetimes.named(data["expires"]).length,
            burn=data["burn"],
            encrypted=data["encrypted"],
            forked_from=data["forked_from"],
        )

    def add_error(self, refused: RefusedError) -> None:
        """Show an error next to its field, or above the form if it has no such field."""
        self.status = refused.status
        file = self.files[self._places[refused.file]] if refused.file is not None and self._places else None
        if refused.field in self.paste.fields and self.paste.is_bound:
            self.paste.add_error(refused.field, refused.message)
        elif file is not None and file.is_bound and refused.field in file.fields:
            file.add_error(refused.field, refused.message)
        else:
            self.refused = refused.message

    def first_error(self) -> RefusedError:
        """Return the first error, for use when the form is not rendered."""
        if self.refused:
            return RefusedError("form", self.refused, status=self.status)
        errors = [(name, texts[0]) for form in (self.paste, *self.files) for name, texts in form.errors.items()]
        errors += [("files", text) for text in self.files.non_form_errors()]
        name, message = errors[0]
        return RefusedError("form", f"{name}: {message}", status=self.status, field=name)


def prefilled_values(query: QueryDict) -> dict[str, str]:
    """Return the initial values from a link such as `/?language=python&title=Hello`, ignoring invalid choices."""
    names = {*PasteForm.base_fields, *FileForm.base_fields} - {"forked_from", "encrypted", "once", "upload"}
    values = {name: str(query[name]) for name in query if name in names}
    if language := languages.named(values.get("language", "")):
        values["language"] = language.name
    for name, form in [("visibility", PasteForm), ("expires", PasteForm), ("language", FileForm)]:
        field = form.base_fields[name]
        if name in values and not (isinstance(field, forms.ChoiceField) and field.valid_value(values[name])):
            del values[name]
    return values


def _with_another_file(fields: QueryDict) -> QueryDict:
    fields = fields.copy()
    total = fields.get("files-TOTAL_FORMS") or ""
    if total.isascii() and total.isdecimal() and len(total) < 4:
        fields["files-TOTAL_FORMS"] = str(min(int(total) + 1, MAX_FILES))
    return fields


def _with_uploads_as_text(fields: QueryDict, uploads: Uploads) -> tuple[QueryDict, Uploads]:
    """Move uploaded files into text boxes, since browsers do not preserve selected files when a form is shown again."""
    fields, remaining = fields.copy(), Uploads()
    for name in uploads:
        upload: Any = uploads[name]
        part = name.removesuffix("-upload")
        try:
            text = upload.read().decode()
        except UnicodeDecodeError:
            text = ""  # The form for this file reports the error.
        if text and not fields.get(f"{part}-content"):
            fields[f"{part}-content"] = text
            fields[f"{part}-name"] = fields.get(f"{part}-name") or upload.name
        else:
            upload.seek(0)
            remaining[name] = upload
    return fields, remaining
