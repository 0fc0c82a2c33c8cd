"""The pinnwand API (https://github.com/supakeen/pinnwand), as on bpa.st: JSON to /api/v1/paste, forms to /curl.

The response to a new paste contains a URL that deletes it. Since the protocol deletes on GET, HEAD requests and
prefetching by browsers are ignored.
"""

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from pastes.access import edit_tokens
from pastes.dialects import json_fields, lexers
from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, request_forms, responses
from pastes.http.problems import Problem
from pastes.http.request_forms import single_value
from pastes.lifecycle import reading, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from pastes.rules import languages
from pastes.rules.languages import LANGUAGES
from pastes.rules.site_path import site_path

NAME = "pinnwand"
_AUTODETECT = "autodetect"
_LIFETIMES = {
    "1hour": timedelta(hours=1),
    "1day": timedelta(days=1),
    "1week": timedelta(weeks=1),
    "1month": timedelta(days=30),
    "1year": timedelta(days=365),
    "never": None,
}


@problems.error_format(NAME, problems.below("/api/v1/paste", "/api/v1/lexer", "/api/v1/expiry"))
def format_problem(problem: Problem) -> HttpResponse:
    """Format a problem as JSON that includes the status."""
    status = problem.plain_status
    return JsonResponse({"state": "error", "code": status, "message": problem.message}, status=status)


@problems.error_format(NAME, problems.below("/curl", "/remove/"))
def format_problem_as_text(problem: Problem) -> HttpResponse:
    """Format a problem as a line of text."""
    return responses.text_line(problem.message, status=problem.plain_status)


@require_POST
@problems.dialect_view(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish the files and return the URL of the paste and the URL that deletes it."""
    paste_options.refuse_all(request)
    body = json_fields.validate(
        request_body.json_object(request, require_type=False),
        object_name="The paste",
        required={"expiry": (str,), "files": (list,)},
        optional={"long": (int, bool, type(None))},
    )
    paste = writing.publish(Draft([_file(file) for file in body["files"]], lifetime=_lifetime(body["expiry"])))
    urls = {"link": responses.absolute_url(request, paste.get_absolute_url()), "removal": _removal_url(request, paste)}
    return responses.with_edit_token(JsonResponse(urls), paste)


@require_safe
@problems.dialect_view(NAME)
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Return the files of a paste. Raise Http404, also if it burns after reading: a GET must not burn it."""
    paste = reading.find(name)
    if paste is None or paste.burn:
        raise Http404
    files = [
        {"name": file.name, "lexer": lexers.pygments_name(file.language), "content": file.content}
        for file in paste.files
    ]
    return JsonResponse({"files": files})


@require_safe
@problems.dialect_view(NAME)
def lexer(request: HttpRequest) -> HttpResponse:
    """Return the names and labels of all lexers."""
    labels = {lexers.pygments_name(language.name): language.label for language in LANGUAGES.values()}
    return JsonResponse(labels | {_AUTODETECT: "Autodetect"})


@require_safe
@problems.dialect_view(NAME)
def expiry(request: HttpRequest) -> HttpResponse:
    """Return the names and durations of all expiries."""
    return JsonResponse({name: "never" if length is None else str(length) for name, length in _LIFETIMES.items()})


@require_POST
@problems.dialect_view(NAME)
def curl(request: HttpRequest) -> HttpResponse:
    """Publish the field `raw` and return three lines with one URL each."""
    paste_options.refuse_all(request)
    fields = request_forms.fields(request)
    if "raw" not in fields:
        raise RefusedError("missing_field", "Send the text as a field called raw.", field="raw")
    file = NewFile(
        single_value(fields, "raw"),
        language=_language(single_value(fields, "lexer", "text"), ""),
    )
    paste = writing.publish(Draft([file], lifetime=_lifetime(single_value(fields, "expiry", "1day"))))
    url = responses.absolute_url(request, paste.get_absolute_url())
    lines = (f"Paste URL:   {url}", f"Raw URL:     {url}/raw", f"Removal URL: {_removal_url(request, paste)}")
    return responses.with_edit_token(responses.text_line("\n".join(lines)), paste)


@require_safe
@problems.dialect_view(NAME)
def remove(request: HttpRequest, token: str) -> HttpResponse:
    """Delete the paste whose key and edit token are in the URL and redirect to the home page."""
    key, _, secret = token.partition(".")
    paste = reading.find_to_change(key)
    if not edit_tokens.owns(paste, secret):
        raise Http404
    if request.method == "GET" and not responses.is_prefetch(request):
        writing.remove(paste)
    response = HttpResponseRedirect(site_path("/"))
    response.headers["Cache-Control"] = "no-store"
    return response


def _removal_url(request: HttpRequest, paste: Paste) -> str:
    return f"{responses.site_url(request)}/remove/{paste.key}.{paste.token}"


def _file(file: object) -> NewFile:
    required, optional = {"lexer": (str,), "content": (str,)}, {"name": (str, type(None))}
    fields = json_fields.validate(file, object_name="A file", required=required, optional=optional)
    name = fields.get("name") or ""
    return NewFile(fields["content"], name=name, language=_language(fields["lexer"], name))


def _language(lexer: str, file_name: str) -> str:
    return languages.of_file(file_name).name if lexer == _AUTODETECT else lexers.find(lexer, "lexer").name


def _lifetime(expiry: str) -> timedelta | None:
    if expiry not in _LIFETIMES:
        raise RefusedError("expires", f"expiry must be one of {', '.join(_LIFETIMES)}.", field="expiry")
    return _LIFETIMES[expiry]
