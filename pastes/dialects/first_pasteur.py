"""The form of the first Pasteur, a unikernel: its multipart fields in, its JSON out."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict

from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, responses
from pastes.http.problems import Problem
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish
from pastes.rules import languages


def create(request: HttpRequest, fields: QueryDict, files: Mapping[str, Any]) -> HttpResponse:
    """Publish the part `paste`; answers 200 with the key as `code`, or 400 with one line of text.

    What that service did not know, such as that the caller may not, keeps its status.
    """
    try:
        paste_options.refuse(request)
        parts = request_body.fields_by_name(fields, files)
        language = languages.named(parts.get("hl") or "")
        if len(parts.getlist("paste")) > 1:
            raise RefusedError("ambiguous", "There are two parts called paste.", field="paste")
        paste = publish(
            Draft(
                files=[NewFile(parts.getlist("paste")[0], language=language.name if language else "")],
                author=parts.get("user") or "",
                comment=parts.get("comment") or "",
                encrypted=parts.get("encrypted") == "on",
            )
        )
    except RefusedError as refused:
        problem = Problem(refused.status, refused.code, refused.message, refused.field)
        return problems.open_to_all(responses.line(problem.message, status=problem.plain_status))
    answer: dict[str, str | bool] = {"code": paste.key}
    if language:
        answer["hl"] = language.name
    answer |= {name: True for name in ("ln", "raw") if name in parts}
    if paste.encrypted:
        answer["encrypted"] = True
    return problems.open_to_all(responses.with_token(JsonResponse(answer), paste))
