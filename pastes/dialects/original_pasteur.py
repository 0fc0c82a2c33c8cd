"""The protocol of the original Pasteur, a unikernel: a multipart form returns JSON."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from pastes.errors import RefusedError
from pastes.http import paste_options, problems, responses
from pastes.http.problems import Problem
from pastes.http.request_forms import MultipartForm
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish
from pastes.rules import languages

NAME = "first"


def create(request: HttpRequest, form: MultipartForm) -> HttpResponse:
    """Publish the part `paste` and return the key as `code`, or a 400 response with a line of text.

    Errors that have no equivalent in the original protocol, such as a missing permission, keep their own status.
    """
    try:
        paste_options.refuse_all(request)
        parts = form.texts()
        language = languages.named(parts.get("hl") or "")
        if len(parts.getlist("paste")) > 1:
            raise RefusedError("ambiguous", "There is more than one part called paste.", field="paste")
        draft = Draft(
            files=[NewFile(parts.getlist("paste")[0], language=language.name if language else "")],
            author=parts.get("user") or "",
            comment=parts.get("comment") or "",
            encrypted=parts.get("encrypted") == "on",
        )
        paste = publish(draft)
    except RefusedError as refused:
        problem = Problem.from_error(refused)
        return problems.allow_any_origin(responses.text_line(problem.message, status=problem.plain_status))
    body: dict[str, str | bool] = {"code": paste.key}
    if language:
        body["hl"] = language.name
    body |= {name: True for name in ("ln", "raw") if name in parts}
    if paste.encrypted:
        body["encrypted"] = True
    return problems.allow_any_origin(responses.with_edit_token(JsonResponse(body), paste))
