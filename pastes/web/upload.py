"""Uploads from a program such as `curl`, either as raw text or as files in a form."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from pastes.errors import RefusedError
from pastes.http import paste_options, request_body, responses
from pastes.http.request_forms import MultipartForm
from pastes.lifecycle import idempotency
from pastes.lifecycle.draft import NewFile

#: The form part that contains a file. A form may have several of them.
PART = "file"


def create(request: HttpRequest, name: str = "") -> HttpResponse:
    """Publish the body as a single file and return its URL as a line of text."""
    _refuse_cross_site(request)
    return _publish(request, [NewFile(request_body.raw_text(request), name=name)])


def create_from_form(request: HttpRequest, form: MultipartForm) -> HttpResponse:
    """Publish the parts called `file` as one paste, with all other parts as options. Respond as `create` does."""
    _refuse_cross_site(request)
    for name in set(form.files) - {PART}:
        raise RefusedError("unknown_field", f"Send files as parts called {PART}, not {name[:50]!r}.", field=name[:50])
    options = [(name, value) for name, values in form.fields.lists() if name != PART for value in values]
    return _publish(request, form.new_files(PART), options)


def missing_file(request: HttpRequest, form: MultipartForm) -> RefusedError:
    """Return the error for a program whose form contains no part called `file`."""
    names = ", ".join(repr(name[:50]) for name in sorted(form.names)[:5]) or "nothing"
    help_url = f"{responses.site_url(request)}/help.txt"
    message = f"Send the text as a part called {PART}, not as {names}. See {help_url}."
    return RefusedError("bad_form", message, status=400, field=PART)


def _publish(request: HttpRequest, files: Sequence[NewFile], options: Iterable[tuple[str, str]] = ()) -> HttpResponse:
    draft = paste_options.build_draft(request, files, options)
    # Repeated requests are detected by their draft instead of their body, because curl generates new form boundaries.
    body = repr(draft).encode(errors="replace")
    paste = idempotency.publish_once(request.META.get("HTTP_IDEMPOTENCY_KEY"), body, draft)
    return responses.created(request, paste)


def _refuse_cross_site(request: HttpRequest) -> None:
    """Refuse requests from pages of other sites. Programs do not send Sec-Fetch-Site."""
    if request.META.get("HTTP_SEC_FETCH_SITE") == "cross-site":
        raise RefusedError("cross_site", gettext("This cannot be done from another site."), status=403)
