"""The API of pinnwand (https://github.com/supakeen/pinnwand), as on bpa.st: JSON to /api/v1/paste, forms to /curl.

Whoever has made a paste is given an address that deletes it. A GET there is that service's protocol; what only looks
ahead (HEAD, and what a browser fetches before anybody has clicked) deletes nothing.
"""

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from pastes.access import edit_tokens
from pastes.dialects import json_fields, lexers
from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, responses
from pastes.http.problems import Problem
from pastes.lifecycle import reading, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from pastes.rules import languages
from pastes.rules.languages import LANGUAGES

NAME = "pinnwand"
_GUESSED = "autodetect"
_NOTHING = type(None)
_LIFETIMES = {
    "1hour": timedelta(hours=1),
    "1day": timedelta(days=1),
    "1week": timedelta(weeks=1),
    "1month": timedelta(days=30),
    "1year": timedelta(days=365),
    "never": None,
}


@problems.tells(NAME, problems.at("/api/v1/paste", "/api/v1/lexer", "/api/v1/expiry"))
def problem(problem: Problem) -> HttpResponse:
    """Tell a problem as JSON with its status in it."""
    status = problem.plain_status
    return JsonResponse({"state": "error", "code": status, "message": problem.message}, status=status)


@problems.tells(NAME, problems.at("/curl", "/remove/"))
def problem_in_text(problem: Problem) -> HttpResponse:
    """Tell a problem as one line of text."""
    return responses.line(problem.message, status=problem.plain_status)


@require_POST
@problems.switchable(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish the files; answers 200 with the address of the paste and the one that deletes it."""
    paste_options.refuse(request)
    sent = json_fields.of(
        request_body.json_object(request, labelled=False),
        where="The paste",
        required={"expiry": (str,), "files": (list,)},
        optional={"long": (int, bool, _NOTHING)},
    )
    paste = writing.publish(Draft([_file(file) for file in sent["files"]], lifetime=_lifetime(sent["expiry"])))
    answer = {"link": responses.address(request, paste.get_absolute_url()), "removal": _removal(request, paste)}
    return responses.with_token(JsonResponse(answer), paste)


@require_safe
@problems.switchable(NAME)
def show(request: HttpRequest, name: str) -> HttpResponse:
    """The files of a paste; one that burns is not read by looking at an address."""
    paste = reading.find(name)
    if paste is None or paste.burn:
        raise Http404
    files = [{"name": one.name, "lexer": lexers.name_of(one.language), "content": one.content} for one in paste.files]
    return JsonResponse({"files": files})


@require_safe
@problems.switchable(NAME)
def lexer(request: HttpRequest) -> HttpResponse:
    """The lexers that there are, with what people call them."""
    known = {lexers.name_of(language.name): language.label for language in LANGUAGES.values()}
    return JsonResponse(known | {_GUESSED: "Autodetect"})


@require_safe
@problems.switchable(NAME)
def expiry(request: HttpRequest) -> HttpResponse:
    """The expiries that there are, with how long they are."""
    return JsonResponse({name: "never" if length is None else str(length) for name, length in _LIFETIMES.items()})


@require_POST
@problems.switchable(NAME)
def curl(request: HttpRequest) -> HttpResponse:
    """Publish the field `raw`; answers three lines with three addresses."""
    paste_options.refuse(request)
    fields = request_body.any_form(request)
    if "raw" not in fields:
        raise RefusedError("missing_field", "Send the text as raw.", field="raw")
    file = NewFile(request_body.one(fields, "raw"), language=_language(request_body.one(fields, "lexer", "text"), ""))
    paste = writing.publish(Draft([file], lifetime=_lifetime(request_body.one(fields, "expiry", "1day"))))
    url = responses.address(request, paste.get_absolute_url())
    lines = (f"Paste URL:   {url}", f"Raw URL:     {url}/raw", f"Removal URL: {_removal(request, paste)}")
    return responses.with_token(responses.line("\n".join(lines)), paste)


@require_safe
@problems.switchable(NAME)
def remove(request: HttpRequest, token: str) -> HttpResponse:
    """Delete the paste that this address was given for; answers 302."""
    key, _, secret = token.partition(".")
    paste = reading.find_to_change(key)
    if not edit_tokens.owns(paste, secret):
        raise Http404
    if request.method == "GET" and not responses.looks_ahead(request):
        writing.remove(paste)
    response = HttpResponseRedirect("/")
    response.headers["Cache-Control"] = "no-store"
    return response


def _removal(request: HttpRequest, paste: Paste) -> str:
    return responses.address(request, f"/remove/{paste.key}.{paste.token}")


def _file(file: object) -> NewFile:
    text = (str,)
    named = {"name": (str, _NOTHING)}
    sent = json_fields.of(file, where="A file", required={"lexer": text, "content": text}, optional=named)
    name = sent.get("name") or ""
    return NewFile(sent["content"], name=name, language=_language(sent["lexer"], name))


def _language(lexer: str, file_name: str) -> str:
    return languages.of_file(file_name).name if lexer == _GUESSED else lexers.named(lexer, "lexer").name


def _lifetime(expiry: str) -> timedelta | None:
    if expiry not in _LIFETIMES:
        raise RefusedError("expires", f"expiry must be one of {', '.join(_LIFETIMES)}.", field="expiry")
    return _LIFETIMES[expiry]
