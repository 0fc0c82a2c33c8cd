"""Answers in the form their caller reads: JSON for the API, a page for a browser, one line of text for a terminal."""

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

logger = logging.getLogger(__name__)

#: A paste shown as it is must not become a document that does anything, whatever is in it.
RAW_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-cache",
}

#: Carries the edit token of a paste, in the answer to its maker and in the requests that change it.
TOKEN_HEADER = "X-Pasteur-Token"  # noqa: S105  (the name of the header, not a token)

#: The revision, and where its copy stands, which is a part of what is read but not of what is edited.
_REVISION = re.compile(r'(?:W/)?"(\d{1,9})(?:-\w{1,40})?"')

_NOT_IN_XML = re.compile("[\ufffe\uffff]")

_TITLES = {
    400: gettext_noop("That request cannot be read"),
    401: gettext_noop("You have to say who you are"),
    403: gettext_noop("That is not allowed"),
    404: gettext_noop("There is no such paste"),
    405: gettext_noop("That cannot be done here"),
    413: gettext_noop("That is too large"),
    415: gettext_noop("That is not text"),
    422: gettext_noop("That cannot be pasted"),
    429: gettext_noop("That was too often"),
    500: gettext_noop("Something broke"),
    503: gettext_noop("Please try again"),
}
_OTHER_TITLE = gettext_noop("That did not work")


class ErrorPage(HttpResponse):
    """A page for people that says what went wrong, and nothing else."""

    def __init__(self, page: str, *, message: str, status: int) -> None:
        super().__init__(page, status=status)
        self.message = message


def address(request: HttpRequest, path: str) -> str:
    """Return the full address of a path: below PASTEUR_URL where it is set, else as the request was addressed."""
    return (settings.PASTEUR_URL or f"{request.scheme}://{request.get_host()}") + path


def wants_page(request: HttpRequest) -> bool:
    """Return whether the caller is a browser rather than a program in a terminal."""
    return "text/html" in request.META.get("HTTP_ACCEPT", "")


def wants_text(request: HttpRequest) -> bool:
    """Return whether the caller takes anything, but is no browser: it says what it accepts, and that is not a page."""
    return "HTTP_ACCEPT" in request.META and not wants_page(request)


def prefers_json(request: HttpRequest) -> bool:
    """Return whether the caller is a program that asks for JSON."""
    return "application/json" in request.META.get("HTTP_ACCEPT", "") and not wants_page(request)


def looks_ahead(request: HttpRequest) -> bool:
    """Return whether a browser fetches this before anybody has asked for it."""
    return "fetch" in "".join(request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz")).lower()


def line(text: str, *, status: int = 200) -> HttpResponse:
    """Return one line of text."""
    return HttpResponse(f"{text}\n", content_type="text/plain; charset=utf-8", status=status)


def made(request: HttpRequest, paste: Paste) -> HttpResponse:
    """Return the address of a paste that was just made: alone on a line, or in JSON to who asks for it."""
    url = address(request, paste.get_absolute_url())
    if prefers_json(request):
        facts = {"key": paste.key, "url": url, "raw_url": f"{url}/raw", "token": paste.token}
        response: HttpResponse = JsonResponse(facts | {"expires_at": paste.expires_at}, status=201)
    else:
        response = line(url, status=201)
    response.headers["Location"] = url
    return with_token(response, paste)


def with_token(response: HttpResponse, paste: Paste) -> HttpResponse:
    """Add the edit token of a paste that was just made, for its maker alone: no cache may keep it."""
    response.headers[TOKEN_HEADER] = paste.token
    response.headers["Cache-Control"] = "no-store"
    return response


def unless_known(request: HttpRequest, content: str, oid: str = "") -> HttpResponse:
    """Return a text as `raw` does, or 304 when the caller has it; `oid` is its Git blob id where that is known."""
    etag = f'"{oid or blob_oid(content.encode())}"'
    response = HttpResponseNotModified(headers=RAW_HEADERS) if knows(request, etag) else raw(content)
    response.headers["ETag"] = etag
    return response


def knows(request: HttpRequest, etag: str) -> bool:
    """Return whether a caller has what has this ETag, and wants nothing else."""
    known = request.META.get("HTTP_IF_NONE_MATCH", "")
    return etag in known or known.strip() == "*"


def seen_revision(if_match: str, head: int) -> int | None:
    """Return the revision that If-Match names, of several the one that a paste is at; None when any will do."""
    if if_match.strip() in {"", "*"}:
        return None
    etags = (_REVISION.fullmatch(etag.strip()) for etag in if_match.split(","))
    seen = {int(etag[1]) for etag in etags if etag}
    return head if head in seen else 0  # No revision has that number.


def raw(content: str, *, disposition: str = "") -> HttpResponse:
    """Return the text of a file exactly as it was sent, unable to run or to be taken for anything but text."""
    response = HttpResponse(content.encode(), content_type="text/plain; charset=utf-8", headers=RAW_HEADERS)
    if disposition:
        response.headers["Content-Disposition"] = disposition
    return response


def xml(document: str, content_type: str) -> HttpResponse:
    """Return a document of XML; what titles may have and XML may not is replaced (https://www.w3.org/TR/xml/#charsets)."""
    return HttpResponse(_NOT_IN_XML.sub("\ufffd", document), content_type=f"{content_type}; charset=utf-8")


def in_one(files: Sequence[File]) -> str:
    """Return one file as it is, and several one after the other, each below its name, as `head` shows them."""
    if len(files) == 1:
        return files[0].content
    return "\n".join(f"==> {file.name} <==\n{file.content}" for file in files)


def attachment(name: str) -> str:
    """Return a Content-Disposition that saves under this name, in the form of RFC 6266 and RFC 5987."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def error(
    request: HttpRequest, status: int, code: str, message: str, field: str = "", limit: int | None = None
) -> HttpResponse:
    """Return an error in the form of its caller; nothing in it comes unescaped from the request."""
    told = problems.told(request, Problem(status, code, message, field))
    if told is not None:
        response: HttpResponse = told
    elif request.path_info.startswith("/api/") or prefers_json(request):
        facts = {"code": code, "message": message, "field": field or None, "limit": limit}
        body = {name: value for name, value in facts.items() if value is not None}
        response = JsonResponse({"error": body}, status=status)
        response.headers["Access-Control-Allow-Origin"] = "*"
    elif wants_page(request):
        context = {"heading": gettext(_TITLES.get(status, _OTHER_TITLE)), "message": message, "status": status}
        if status == 401 and request.method in {"GET", "HEAD"}:
            context["login"] = request.get_full_path()
        context["is_of_form"] = request.method == "POST" and request.path_info == "/"
        response = ErrorPage(render_to_string("error.html", context, request), message=message, status=status)
    else:
        response = line(message, status=status)
        response.headers["Access-Control-Allow-Origin"] = "*"  # No cookie is looked at where programs call.
    patch_vary_headers(response, ["Accept"])
    return response


def refusal(request: HttpRequest, refused: RefusedError) -> HttpResponse:
    """Return the answer to input that cannot become a paste."""
    return error(request, refused.status, refused.code, refused.message, refused.field, refused.limit)


def unavailable(request: HttpRequest, message: str) -> HttpResponse:
    """Return 503: nothing is wrong with the request, and trying again may work."""
    logger.exception("cannot serve %s %s", request.method, request.path)
    response = error(request, 503, "unavailable", message)
    response.headers["Retry-After"] = "5"
    return response


def last_words(message: str) -> HttpResponse:
    """Return a page that needs no template and no database: for when everything else failed."""
    body = f"<!doctype html><title>Pasteur</title><h1>{html.escape(_TITLES[500])}</h1><p>{html.escape(message)}</p>"
    return HttpResponse(body, status=500)
