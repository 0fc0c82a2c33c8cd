"""The API of dpaste (https://docs.dpaste.org/api/): a form to /api/, and the address as text, in quotes, or in JSON."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from pastes.dialects import lexers
from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, responses
from pastes.http.problems import Problem
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish
from pastes.rules import languages

NAME = "dpaste"
_ONCE = "onetime"
#: What is not said is a day, as it is there.
_LIFETIMES = {
    "": timedelta(days=1),
    _ONCE: None,
    "never": None,
    "3600": timedelta(hours=1),
    "604800": timedelta(weeks=1),
    "2592000": timedelta(days=30),
}
#: Its own names, beside those of Pygments.
_LEXERS = {"_text": "plaintext", "_markdown": "markdown", "_rst": "plaintext", "_code": "plaintext"}


@problems.tells(NAME, lambda request: request.path_info in {"/api", "/api/"} and request.method != "PUT")
def problem(problem: Problem) -> HttpResponse:
    """Tell a problem as text alone."""
    message = "No content given" if problem.code == "empty" else problem.message
    return HttpResponse(message, content_type="text/plain; charset=utf-8", status=problem.plain_status)


@require_POST
@problems.switchable(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish `content`; answers 200 and the address in the form that `format` names."""
    paste_options.refuse(request)
    fields = request_body.any_form(request)
    content, name = request_body.one(fields, "content"), request_body.one(fields, "filename").strip()
    lexer, language = _language(request_body.one(fields, "lexer", "_text").strip(), name)
    expires = request_body.one(fields, "expires").strip()
    if expires not in _LIFETIMES:
        valid = ", ".join(filter(None, _LIFETIMES))
        message = f"Invalid expire choice {expires[:50]!r} given. Valid values are: {valid}"
        raise RefusedError("expires", message, field="expires")
    shape = request_body.one(fields, "format", "default").strip()
    paste = publish(Draft([NewFile(content, name, language)], lifetime=_LIFETIMES[expires], burn=expires == _ONCE))
    url = responses.address(request, paste.get_absolute_url())
    if shape == "json":
        response: HttpResponse = JsonResponse({"url": url, "content": content, "lexer": lexer})
    else:
        text = f"{url}\n" if shape == "url" else f'"{url}"'
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    return responses.with_token(response, paste)


def _language(lexer: str, file_name: str) -> tuple[str, str]:
    """Return the lexer that was meant, and what the site calls it; an empty one is guessed from the file's name."""
    if not lexer:
        if not file_name:
            raise RefusedError("language", "No lexer or filename given. Unable to determine a highlight.")
        lexer = languages.of_file(file_name).name
    return lexer, _LEXERS.get(lexer) or lexers.named(lexer, "lexer").name
