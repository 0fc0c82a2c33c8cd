"""The dpaste API (https://docs.dpaste.org/api/): a form to /api/ returns the URL as text, quoted text or JSON."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from pastes.dialects import lexers
from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_forms, responses
from pastes.http.problems import Problem
from pastes.http.request_forms import single_value
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish
from pastes.rules import languages

NAME = "dpaste"
_ONCE = "onetime"
#: Keyed by the value of `expires`. The default is one day, as in dpaste.
_LIFETIMES = {
    "": timedelta(days=1),
    _ONCE: None,
    "never": None,
    "3600": timedelta(hours=1),
    "604800": timedelta(weeks=1),
    "2592000": timedelta(days=30),
}
#: Names that dpaste uses in addition to those of Pygments.
_LEXERS = {"_text": "plaintext", "_markdown": "markdown", "_rst": "plaintext", "_code": "plaintext"}


@problems.error_format(NAME, lambda request: request.path_info in {"/api", "/api/"} and request.method != "PUT")
def format_problem(problem: Problem) -> HttpResponse:
    """Format a problem as text."""
    message = "No content given" if problem.code == "empty" else problem.message
    return HttpResponse(message, content_type="text/plain; charset=utf-8", status=problem.plain_status)


@require_POST
@problems.dialect_view(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish `content` and return the URL in the format specified by `format`."""
    paste_options.refuse_all(request)
    fields = request_forms.fields(request)
    content, name = single_value(fields, "content"), single_value(fields, "filename").strip()
    lexer, language = _language(single_value(fields, "lexer", "_text").strip(), name)
    expires = single_value(fields, "expires").strip()
    if expires not in _LIFETIMES:
        valid = ", ".join(filter(None, _LIFETIMES))
        message = f"Invalid expire choice {expires[:50]!r} given. Valid values are: {valid}"
        raise RefusedError("expires", message, field="expires")
    output_format = single_value(fields, "format", "default").strip()
    paste = publish(Draft([NewFile(content, name, language)], lifetime=_LIFETIMES[expires], burn=expires == _ONCE))
    url = responses.absolute_url(request, paste.get_absolute_url())
    if output_format == "json":
        response: HttpResponse = JsonResponse({"url": url, "content": content, "lexer": lexer})
    else:
        text = f"{url}\n" if output_format == "url" else f'"{url}"'
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    return responses.with_edit_token(response, paste)


def _language(lexer: str, file_name: str) -> tuple[str, str]:
    """Return the lexer and our name for its language. If no lexer is given, use the file name. Raise RefusedError."""
    if not lexer:
        if not file_name:
            raise RefusedError("language", "No lexer or filename given. Unable to determine a highlight.")
        lexer = languages.of_file(file_name).name
    return lexer, _LEXERS.get(lexer) or lexers.find(lexer, "lexer").name
