"""The REST API: JSON in, JSON out, nothing else. Unknown fields are refused, so that a typo never changes a paste."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.responses import Status
from pydantic import ConfigDict

from pastes import answers, body, copies, lifetimes, reading
from pastes.drafts import Draft, NewFile
from pastes.errors import RefusedError
from pastes.models import File, Paste, Visibility
from pastes.writing import publish


class StrictParser(Parser):
    """JSON without duplicate keys, in UTF-8, within the limit."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the body as an object. Raises RefusedError."""
        return body.json_object(request)


class _Strict(Schema):
    model_config = ConfigDict(extra="forbid", strict=True)


class FileIn(_Strict):
    """A file to be pasted; without a language, its name tells."""

    content: str
    name: str = ""
    language: str = ""


class PasteIn(_Strict):
    """A paste to be made."""

    files: list[FileIn]
    title: str = ""
    author: str = ""
    comment: str = ""
    visibility: str = Visibility.UNLISTED.value
    expires: str = lifetimes.NEVER.name
    burn: bool = False
    encrypted: bool = False


class FileOut(Schema):
    """A file as it is read; `oid` is the id of its content as a Git blob."""

    name: str
    language: str
    size_bytes: int
    oid: str
    raw_url: str
    content: str


class CopyOut(Schema):
    """Where the paste stands in the mirror: none, waiting, or mirrored as a commit."""

    state: str
    commit: str | None


class PasteOut(Schema):
    """A paste as it is read. A paste that burns after reading comes without its files."""

    key: str
    url: str
    title: str
    author: str
    comment: str
    visibility: str
    burn: bool
    encrypted: bool
    forked_from: str | None
    revision: int
    created_at: datetime
    expires_at: datetime | None
    mirror: CopyOut
    files: list[FileOut]


class PasteMade(PasteOut):
    """A paste that was just made, with the token that allows to change and to delete it."""

    token: str


api = NinjaAPI(
    title="Pasteur", version="1", urls_namespace="api", parser=StrictParser(), docs_url=None, openapi_url=None
)


@api.post("pastes", response={201: PasteMade})
def create(request: HttpRequest, response: HttpResponse, paste: PasteIn) -> Status[PasteMade]:
    """Make a paste."""
    made = publish(
        Draft(
            files=[NewFile(file.content, file.name, file.language) for file in paste.files],
            title=paste.title,
            author=paste.author,
            comment=paste.comment,
            visibility=paste.visibility,
            lifetime=lifetimes.named(paste.expires).length,
            burn=paste.burn,
            encrypted=paste.encrypted,
        )
    )
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Location"] = answers.address(request, made.get_absolute_url())
    answers.with_token(response, made)
    return Status(201, PasteMade(**dict(_shown(request, made)), token=made.token))


@api.get("pastes/{key}", response=PasteOut)
def read(request: HttpRequest, response: HttpResponse, key: str) -> PasteOut:
    """Read a paste."""
    paste = reading.find(key)
    if paste is None:
        raise RefusedError("not_found", "There is no such paste.", status=404)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return _shown(request, paste)


@api.exception_handler(RefusedError)
def refused(request: HttpRequest, error: RefusedError) -> HttpResponse:
    """Answer input that cannot become a paste."""
    return answers.refusal(request, error)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer a body that the parser refused; Ninja wraps what it raised."""
    if isinstance(error.__cause__, RefusedError):
        return answers.refusal(request, error.__cause__)
    return answers.error(request, error.status_code, "bad_request", str(error))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer a body of another shape, naming the first field that is wrong."""
    if not request.body:  # Ninja does not ask the parser about a body that is not there.
        return answers.error(request, 400, "bad_json", "The body is empty.")
    first = error.errors[0]
    field = ".".join(str(part)[:50] for part in first["loc"][2:])
    code = {"extra_forbidden": "unknown_field", "missing": "missing_field"}.get(first["type"], "wrong_type")
    return answers.error(request, 422, code, f"{field or 'the body'}: {first['msg']}", field)


def _shown(request: HttpRequest, paste: Paste) -> PasteOut:
    copy = copies.of(paste)
    return PasteOut(
        key=paste.key,
        url=answers.address(request, paste.get_absolute_url()),
        title=paste.title,
        author=paste.author,
        comment=paste.comment,
        visibility=paste.visibility,
        burn=paste.burn,
        encrypted=paste.encrypted,
        forked_from=paste.forked_from or None,
        revision=paste.head,
        created_at=paste.created_at,
        expires_at=paste.expires_at,
        mirror=CopyOut(state=copy.state, commit=copy.commit or None),
        files=[] if paste.burn else [_shown_file(request, paste, file) for file in paste.files],
    )


def _shown_file(request: HttpRequest, paste: Paste, file: File) -> FileOut:
    return FileOut(
        name=file.name,
        language=file.language,
        size_bytes=file.size_bytes,
        oid=file.oid,
        raw_url=answers.address(request, file.raw_path(paste.key)),
        content=file.content,
    )
