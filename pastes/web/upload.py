"""Text from a program, as `curl` sends it: the body itself, or files in the parts of a form."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext

from pastes.errors import RefusedError
from pastes.http import paste_options, request_body, responses
from pastes.lifecycle import idempotency
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish

#: The part of a form that holds a file; it may come several times.
PART = "file"


def text(request: HttpRequest, name: str = "") -> HttpResponse:
    """Publish the body as one file; answers its address, alone on a line."""
    _refuse_foreign_pages(request)
    file = NewFile(request_body.raw_text(request), name=name)
    return _made(request, paste_options.draft([file], paste_options.of(request)))


def parts(request: HttpRequest, fields: QueryDict, uploads: Mapping[str, Any]) -> HttpResponse:
    """Publish the parts called `file` as one paste; all other parts are options. Answers as `text` does."""
    _refuse_foreign_pages(request)
    said = [(name, value) for name, values in fields.lists() if name != PART for value in values]
    for name in set(uploads) - {PART}:
        raise RefusedError("unknown_field", f"Files come as {PART}, not as {name[:50]!r}.", field=name[:50])
    files = [NewFile(content) for content in fields.getlist(PART)]
    for upload in uploads.getlist(PART):  # type: ignore[attr-defined]  # request.FILES is a MultiValueDict
        name = "" if upload.name == "-" else upload.name
        files.append(NewFile(request_body.utf8(upload.read(), what=name[:50] or PART), name=name))
    return _made(request, paste_options.draft(files, paste_options.of(request, said)))


def without_file(request: HttpRequest, fields: QueryDict, uploads: Mapping[str, Any]) -> RefusedError:
    """Return what to say to a program about a form in which nothing is called `file`."""
    names = ", ".join(repr(name[:50]) for name in sorted({*fields, *uploads})[:5]) or "nothing"
    message = (
        f"Send the text as a part called {PART}, not as {names}: {responses.address(request, '/help.txt')} says how."
    )
    return RefusedError("bad_form", message, status=400, field=PART)


def _made(request: HttpRequest, draft: Draft) -> HttpResponse:
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return responses.made(request, publish(draft))
    # What is compared is the paste, not the body: curl draws another boundary for each form that it sends.
    return responses.made(request, idempotency.publish_once(key, repr(draft).encode(errors="replace"), draft))


def _refuse_foreign_pages(request: HttpRequest) -> None:
    """Programs send no Sec-Fetch-Site; a page of somebody else must not paste in the name of who looks at it."""
    if request.META.get("HTTP_SEC_FETCH_SITE") == "cross-site":
        raise RefusedError("cross_site", gettext("Another site's page cannot do this."), status=403)
