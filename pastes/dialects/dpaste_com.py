"""The dpaste.com API, version 2 (https://dpaste.com/api/v2/): a form returns a 201 response with the URL."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date
from django.views.decorators.http import require_POST

from pastes.dialects import lexers
from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_forms, responses
from pastes.http.problems import Problem
from pastes.http.request_forms import single_value
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish

NAME = "dpaste.com"
_DEFAULT_DAYS, _MAX_DAYS = "7", 365


@problems.error_format(NAME, problems.below("/api/v2"))
def format_problem(problem: Problem) -> HttpResponse:
    """Format a problem as a line of text."""
    return responses.text_line(problem.message, status=problem.plain_status)


@require_POST
@problems.dialect_view(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish `content` for a number of days and return a 201 response with the URL as text and in `Location`."""
    paste_options.refuse_all(request)
    fields = request_forms.fields(request)
    if "content" not in fields:
        raise RefusedError("missing_field", "content: This field is required.", field="content")
    draft = Draft(
        [
            NewFile(
                single_value(fields, "content"),
                language=lexers.find(single_value(fields, "syntax") or "text", "syntax").name,
            )
        ],
        title=single_value(fields, "title"),
        author=single_value(fields, "poster"),
        lifetime=_lifetime(single_value(fields, "expiry_days", _DEFAULT_DAYS).strip()),
    )
    paste = publish(draft)
    url = responses.absolute_url(request, paste.get_absolute_url())
    response = responses.text_line(url, status=201)
    response.headers["Location"] = url
    if paste.expires_at:
        response.headers["Expires"] = http_date(paste.expires_at.timestamp())
    return responses.with_edit_token(response, paste)


def _lifetime(days: str) -> timedelta:
    if not (days.isascii() and days.isdecimal() and len(days) <= 3 and 1 <= int(days) <= _MAX_DAYS):
        raise RefusedError("expires", f"expiry_days must be between 1 and {_MAX_DAYS}.", field="expiry_days")
    return timedelta(days=int(days))
