"""The API of dpaste.com, version 2 (https://dpaste.com/api/v2/): a form in, 201 and the address out."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date
from django.views.decorators.http import require_POST

from pastes import answers, body, dialects, options
from pastes.dialects import Problem, lexers
from pastes.drafts import Draft, NewFile
from pastes.errors import RefusedError
from pastes.writing import publish

NAME = "dpaste.com"
_DAYS, _MOST_DAYS = "7", 365


@dialects.tells(NAME, dialects.at("/api/v2"))
def problem(problem: Problem) -> HttpResponse:
    """Tell a problem as one line of text."""
    return answers.line(problem.message, status=problem.plain_status)


@require_POST
@dialects.switchable(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish `content` for a number of days; answers 201 with the address as text and in `Location`."""
    options.refuse(request)
    fields = body.any_form(request)
    if "content" not in fields:
        raise RefusedError("missing_field", "content: This field is required.", field="content")
    draft = Draft(
        [
            NewFile(
                body.one(fields, "content"), language=lexers.named(body.one(fields, "syntax") or "text", "syntax").name
            )
        ],
        title=body.one(fields, "title"),
        author=body.one(fields, "poster"),
        lifetime=_lifetime(body.one(fields, "expiry_days", _DAYS).strip()),
    )
    paste = publish(draft)
    url = answers.address(request, paste.get_absolute_url())
    response = answers.line(url, status=201)
    response.headers["Location"] = url
    if paste.expires_at:
        response.headers["Expires"] = http_date(paste.expires_at.timestamp())
    return answers.with_token(response, paste)


def _lifetime(days: str) -> timedelta:
    if not (days.isascii() and days.isdecimal() and len(days) <= 3 and 1 <= int(days) <= _MOST_DAYS):
        raise RefusedError("expires", f"expiry_days must be between 1 and {_MOST_DAYS}.", field="expiry_days")
    return timedelta(days=int(days))
