"""The API of dpaste.com, version 2 (https://dpaste.com/api/v2/): a form in, 201 and the address out."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date
from django.views.decorators.http import require_POST

from pastes.dialects import lexers
from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, responses
from pastes.http.problems import Problem
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish

NAME = "dpaste.com"
_DAYS, _MOST_DAYS = "7", 365


@problems.tells(NAME, problems.at("/api/v2"))
def problem(problem: Problem) -> HttpResponse:
    """Tell a problem as one line of text."""
    return responses.line(problem.message, status=problem.plain_status)


@require_POST
@problems.switchable(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish `content` for a number of days; answers 201 with the address as text and in `Location`."""
    paste_options.refuse(request)
    fields = request_body.any_form(request)
    if "content" not in fields:
        raise RefusedError("missing_field", "content: This field is required.", field="content")
    draft = Draft(
        [
            NewFile(
                request_body.one(fields, "content"),
                language=lexers.named(request_body.one(fields, "syntax") or "text", "syntax").name,
            )
        ],
        title=request_body.one(fields, "title"),
        author=request_body.one(fields, "poster"),
        lifetime=_lifetime(request_body.one(fields, "expiry_days", _DAYS).strip()),
    )
    paste = publish(draft)
    url = responses.address(request, paste.get_absolute_url())
    response = responses.line(url, status=201)
    response.headers["Location"] = url
    if paste.expires_at:
        response.headers["Expires"] = http_date(paste.expires_at.timestamp())
    return responses.with_token(response, paste)


def _lifetime(days: str) -> timedelta:
    if not (days.isascii() and days.isdecimal() and len(days) <= 3 and 1 <= int(days) <= _MOST_DAYS):
        raise RefusedError("expires", f"expiry_days must be between 1 and {_MOST_DAYS}.", field="expiry_days")
    return timedelta(days=int(days))
