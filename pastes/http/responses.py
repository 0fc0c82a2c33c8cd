"""Responses in the format that suits the caller: JSON for the API, a page for a browser, or a line of text."""

import html
import logging
import re
from collections.abc import Sequence
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext, gettext_noop

from pastes.errors import RefusedError
from pastes.http import problems
from pastes.http.problems import Problem
from pastes.models import File, Paste, blob_oid
from pastes.rules import keys
from pastes.rules.site_path import site_path

logger = logging.getLogger(__name__)

#: The headers of raw content, which browsers must not execute or sniff and search engines must not index.
RAW_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-cache",
}

#: The header that contains the edit token of a paste, in responses to its creation and in requests that change it.
TOKEN_HEADER = "X-Pasteur-Token"  # noqa: S105  (the name of the header, not a token)

#: An ETag consists of the revision and the state of its copy. If-Match ignores the latter.
_REVISION = re.compile(r'(?:W/)?"(\d{1,9})(?:-\w{1,40})?"')

#: The query parameters used by pages.
_PAGE_PARAMETERS = frozenset(
    [
        *("after", "atom", "author", "before", "burn", "comment", "content", "deleted", "encrypted", "expires", "file"),
        *("format", "from", "hl", "language", "ln", "name", "q", "raw", "thanks", "title", "to", "url", "view"),
        "visibility",
    ]
)

_NOT_IN_XML = re.compile("[\ufffe\uffff]")

_TITLES = {
    400: gettext_noop("Invalid request"),
    401: gettext_noop("Authentication required"),
    403: gettext_noop("Not allowed"),
    404: gettext_noop("Not found"),
    405: gettext_noop("Method not allowed"),
    413: gettext_noop("The paste is too large"),
    415: gettext_noop("This is not text"),
    422: gettext_noop("The paste was not accepted"),
    429: gettext_noop("Too many requests"),
    500: gettext_noop("Something went wrong"),
    503: gettext_noop("Temporarily unavailable"),
}
_OTHER_TITLE = gettext_noop("The request failed")


class ErrorPage(HttpResponse):
    """An error page. Its `message` can be shown on another page instead (web/refilled_form.py)."""

    def __init__(self, page: str, *, message: str, status: int) -> None:
        super().__init__(page, status=status)
        self.message = message


def absolute_url(request: HttpRequest, path: str) -> str:
    """Return the URL of a path, on the host of PASTEUR_URL if it is set and on the request's host otherwise.

    The path must be one that browsers see, as returned by `reverse` and `site_path`.
    """
    origin = settings.PASTEUR_URL.removesuffix(settings.FORCE_SCRIPT_NAME)
    return (origin or f"{request.scheme}://{request.get_host()}") + path


def site_url(request: HttpRequest) -> str:
    """Return the URL of the site, without a trailing slash."""
    return absolute_url(request, site_path(""))


def path_to_return_to(request: HttpRequest) -> str:
    """Return the path of a request with the query parameters used by pages, for a link or form that leads back to it.

    Other parameters are omitted: a reader may have put the key of an encrypted paste into the query string by mistake.
    """
    query = request.GET.copy()
    for name in set(query) - _PAGE_PARAMETERS:
        del query[name]
    return request.path + (f"?{query.urlencode()}" if query else "")


def wants_html(request: HttpRequest) -> bool:
    """Return whether the caller is a browser."""
    return "text/html" in request.META.get("HTTP_ACCEPT", "")


def wants_text(request: HttpRequest) -> bool:
    """Return whether the caller sends an Accept header without HTML, as curl does."""
    return "HTTP_ACCEPT" in request.META and not wants_html(request)


def wants_json(request: HttpRequest) -> bool:
    """Return whether the caller is a program that asks for JSON."""
    return "application/json" in request.META.get("HTTP_ACCEPT", "") and not wants_html(request)


def is_prefetch(request: HttpRequest) -> bool:
    """Return whether a browser sent the request in advance, without any action by its user."""
    return "fetch" in "".join(request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz")).lower()


def text_line(text: str, *, status: int = 200) -> HttpResponse:
    """Return a response with a single line of text."""
    return HttpResponse(f"{text}\n", content_type="text/plain; charset=utf-8", status=status)


def created(request: HttpRequest, paste: Paste) -> HttpResponse:
    """Return a 201 response with the URL of a new paste, as a line of text or, if the caller asks for it, as JSON."""
    url = absolute_url(request, paste.get_absolute_url())
    if wants_json(request):
        body = {"key": paste.key, "url": url, "raw_url": f"{url}/raw", "token": paste.token}
        response: HttpResponse = JsonResponse(body | {"expires_at": paste.expires_at}, status=201)
    else:
        response = text_line(url, status=201)
    response.headers["Location"] = url
    return with_edit_token(response, paste)


def with_edit_token(response: HttpResponse, paste: Paste) -> HttpResponse:
    """Add the edit token of a new paste to the response, which caches must not store."""
    response.headers[TOKEN_HEADER] = paste.token
    response.headers["Cache-Control"] = "no-store"
    return response


def raw_or_not_modified(request: HttpRequest, content: str, oid: str = "") -> HttpResponse:
    """Like `raw`, but return a 304 if If-None-Match contains the ETag. `oid` is the content's Git blob id, if known."""
    etag = f'"{oid or blob_oid(content.encode())}"'
    response = HttpResponseNotModified(headers=RAW_HEADERS) if matches_etag(request, etag) else raw(content)
    response.headers["ETag"] = etag
    return response


def matches_etag(request: HttpRequest, etag: str) -> bool:
    """Return whether If-None-Match contains the given ETag."""
    if_none_match = request.META.get("HTTP_IF_NONE_MATCH", "")
    return etag in if_none_match or if_none_match.strip() == "*"


def revision_from_if_match(if_match: str, head: int) -> int | None:
    """Return the revision that If-Match requires, or None if any will do. Prefer `head` if several are listed."""
    if if_match.strip() in {"", "*"}:
        return None
    etags = (_REVISION.fullmatch(etag.strip()) for etag in if_match.split(","))
    revisions = {int(etag[1]) for etag in etags if etag}
    return head if head in revisions else 0  # Revisions start at 1, so 0 matches none.


def raw(content: str, *, disposition: str = "") -> HttpResponse:
    """Return content byte for byte, with headers that prevent browsers from executing it or sniffing its type."""
    response = HttpResponse(content.encode(), content_type="text/plain; charset=utf-8", headers=RAW_HEADERS)
    if disposition:
        response.headers["Content-Disposition"] = disposition
    return response


def xml(document: str, content_type: str) -> HttpResponse:
    """Return an XML document, replacing characters that XML forbids (https://www.w3.org/TR/xml/#charsets)."""
    return HttpResponse(_NOT_IN_XML.sub("\ufffd", document), content_type=f"{content_type}; charset=utf-8")


def join_files(files: Sequence[File]) -> str:
    """Return the content of a single file, or that of several files below their names, as `head` prints them."""
    if len(files) == 1:
        return files[0].content
    return "\n".join(f"==> {file.name} <==\n{file.content}" for file in files)


def attachment(name: str) -> str:
    """Return a Content-Disposition header that saves the response under the given name (RFC 6266, RFC 5987)."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def error(
    request: HttpRequest, status: int, code: str, message: str, field: str = "", limit: int | None = None
) -> HttpResponse:
    """Return an error in the format that suits the caller: its dialect's, JSON, a page, or a line of text."""
    dialect_response = problems.format_problem(request, Problem(status, code, message, field))
    if dialect_response is not None:
        response: HttpResponse = dialect_response
    elif request.path_info.startswith("/api/") or wants_json(request):
        members = {"code": code, "message": message, "field": field or None, "limit": limit}
        body = {name: value for name, value in members.items() if value is not None}
        response = JsonResponse({"error": body}, status=status)
        response.headers["Access-Control-Allow-Origin"] = "*"
    elif wants_html(request):
        heading = gettext(_TITLES.get(status, _OTHER_TITLE))
        context: dict[str, object] = {"heading": heading, "message": message, "status": status}
        if status == 401 and request.method in {"GET", "HEAD"}:
            context["login"] = path_to_return_to(request)
        if status == 404 and keys.is_valid_key(key := request.path_info.split("/")[1]):
            context["key"] = key  # Regardless of whether there was such a paste.
        context["is_form_error"] = request.method == "POST" and request.path_info == "/"
        response = ErrorPage(render_to_string("error.html", context, request), message=message, status=status)
    else:
        response = text_line(message, status=status)
        response.headers["Access-Control-Allow-Origin"] = "*"  # Programs send no cookies.
    patch_vary_headers(response, ["Accept"])
    return response


def refusal(request: HttpRequest, refused: RefusedError) -> HttpResponse:
    """Return the response to refused input."""
    return error(request, refused.status, refused.code, refused.message, refused.field, refused.limit)


def unavailable(request: HttpRequest, message: str) -> HttpResponse:
    """Return a 503 response with Retry-After, and log the exception being handled."""
    logger.exception("cannot serve %s %s", request.method, request.path)
    response = error(request, 503, "unavailable", message)
    response.headers["Retry-After"] = "5"
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  (Django would log it again)
    return response


def bare_server_error(message: str) -> HttpResponse:
    """Return a 500 error page that requires neither templates nor the database."""
    body = f"<!doctype html><title>Pasteur</title><h1>{html.escape(_TITLES[500])}</h1><p>{html.escape(message)}</p>"
    return HttpResponse(body, status=500)
