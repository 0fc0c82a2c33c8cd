"""PrivateBin's API, version 2 (https://github.com/PrivateBin/PrivateBin/wiki/API): pastes that their clients encrypt.

They are stored as the site stores what its own page encrypts, so that either opens what the other has sealed. Whatever
happens, the answer is 200 and `status` says how it went.
"""

import json
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers

from pastes.access import edit_tokens
from pastes.dialects import json_fields
from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, responses
from pastes.http.problems import Problem
from pastes.lifecycle import reading, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File
from pastes.rules import ciphertext, keys
from pastes.storage import clock

NAME = "privatebin"
_VERSION = 2
_GONE = "Paste does not exist, has expired or has been deleted."
_UNSAID = "1week"
_LIFETIMES = {
    "5min": timedelta(minutes=5),
    "10min": timedelta(minutes=10),
    "1hour": timedelta(hours=1),
    "1day": timedelta(days=1),
    "1week": timedelta(weeks=1),
    "1month": timedelta(days=30),
    "1year": timedelta(days=365),
    "never": None,
}
#: An encrypted paste with what is said about it is hardly longer than the text that is kept of it.
_MORE_BYTES = 4_096


def says_so(request: HttpRequest) -> bool:
    """Return whether a request is one of the API by its header."""
    return request.headers.get("X-Requested-With") == "JSONHttpRequest"


def _reads(request: HttpRequest) -> bool:
    """Return whether a GET of `/?...` wants JSON rather than a page."""
    try:
        wanted = request.get_preferred_type(["text/html", "application/json"])
    except (ValueError, TypeError):  # Nothing can be understood of a header with such parameters.
        wanted = None
    return says_so(request) or wanted == "application/json"


@problems.tells(NAME, lambda request: request.path_info == "/" and (says_so(request) or _names_key_in_json(request)))
def problem(problem: Problem) -> HttpResponse:
    """Tell a problem as `{"status": 1, "message": ...}`: as 200, unless trying again later may help."""
    status = problem.status if problem.status in {429, 503} else 200
    message = _GONE if problem.code == "not_found" else problem.message
    return _answer({"status": 1, "message": message}, status=status)


def asked(request: HttpRequest) -> HttpResponse | None:
    """Answer a GET or HEAD of `/` that is meant for the API, or that follows one of its links; None for all others."""
    query = request.META.get("QUERY_STRING", "")
    if not problems.speaks(NAME):
        return None
    if request.GET.get("jsonld") == "paste":
        facts = {"@context": {"v": {"@value": _VERSION}}}
        return _open(JsonResponse(facts, content_type="application/ld+json"))
    if deletes_by_link(request):
        return _follow_deleting(request, request.GET["pasteid"], request.GET["deletetoken"])
    key = query.removesuffix("=")
    if keys.can_be(key):
        return _read(request, key) if _reads(request) else redirect(f"/{key}")  # Browsers keep what is after the #.
    return _answer({"status": 1, "message": _GONE}) if says_so(request) and query else None


def sent(request: HttpRequest) -> HttpResponse | None:
    """Answer any other request for `/` that is meant for the API; None for all others."""
    if not problems.speaks(NAME):
        return None
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return _allowed()
    if not says_so(request) and not _is_sealed(request):
        return None
    try:
        wanted = request_body.json_object(request, labelled=False)
        return _delete(request, wanted) if "deletetoken" in wanted or "pasteid" in wanted else _create(request, wanted)
    except RefusedError as refused:
        problems.note_failure(request)
        return _open(problem(Problem(refused.status, refused.code, refused.message, refused.field)))


def _create(request: HttpRequest, wanted: dict[str, Any]) -> HttpResponse:
    paste_options.refuse(request)
    types = {"v": (int,), "adata": (list,), "ct": (str,), "meta": (dict,)}
    paste = json_fields.of(wanted, where="The paste", required=types)
    meta = json_fields.of(paste.pop("meta"), where="meta", optional={"expire": (str,)})
    expire = meta.get("expire", _UNSAID)
    if expire not in _LIFETIMES:
        raise RefusedError("expires", f"expire must be one of {', '.join(_LIFETIMES)}.", field="expire")
    ciphertext.check_object(paste)
    sealed = json.dumps({name: paste[name] for name in ("v", "adata", "ct")}, separators=(",", ":"))
    draft = Draft([NewFile(sealed)], lifetime=_LIFETIMES[expire], burn=bool(paste["adata"][3]), encrypted=True)
    made = writing.publish(draft, token=secrets.token_hex(32))
    response = _answer({"status": 0, "id": made.key, "url": f"/?{made.key}", "deletetoken": made.token})
    return responses.with_token(response, made)


def _read(request: HttpRequest, key: str) -> HttpResponse:
    paste = reading.find(key)
    if paste is None or not paste.encrypted:
        return _answer({"status": 1, "message": _GONE})
    if paste.burn and (request.method != "GET" or responses.looks_ahead(request)):
        return _answer({"status": 1, "message": "This paste burns when it is read."})
    with transaction.atomic():
        sealed = _sealed(writing.burn(paste) if paste.burn else paste.files)
        if sealed is None:
            transaction.set_rollback(True)  # What cannot be said in this form is not burned by having been asked for.
    if sealed is None:
        return _answer({"status": 1, "message": _GONE})
    left = {"time_to_live": int((paste.expires_at - clock.now()).total_seconds())} if paste.expires_at else {}
    facts = {"status": 0, "id": key, "url": f"/?{key}", **sealed, "meta": left}
    return _answer(facts | {"comments": [], "comment_count": 0, "comment_offset": 0})


def _sealed(files: list[File] | None) -> dict[str, Any] | None:
    """Return the object that an encrypted paste is, None for what the first Pasteur encrypted."""
    if not files or not files[0].content.startswith("{"):
        return None
    sealed: dict[str, Any] = json.loads(files[0].content)
    return sealed


def _delete(request: HttpRequest, wanted: dict[str, Any]) -> HttpResponse:
    text = {"pasteid": (str,), "deletetoken": (str,)}
    named = json_fields.of(wanted, where="What is to be deleted", required=text)
    key, token = named["pasteid"], named["deletetoken"]
    problems.note_failure(request)  # Right or wrong, no paste was made.
    paste = reading.find_to_change(key)
    if not edit_tokens.owns(paste, token):
        wrong = "Wrong deletion token. Paste was not deleted." if paste else _GONE
        return _answer({"status": 1, "message": wrong})
    if request.method != "HEAD" and not responses.looks_ahead(request):
        writing.remove(paste)
    return _answer({"status": 0, "id": key, "url": f"/?{key}"})


def _follow_deleting(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Delete for a program; lead a browser to the page that asks first, with the token where nobody is sent it."""
    if _reads(request):
        return _delete(request, {"pasteid": key, "deletetoken": token})
    right = edit_tokens.owns(reading.find_to_change(key), token)
    response = redirect(f"/{key}/delete#token={token}" if right else "/")
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_sealed(request: HttpRequest) -> bool:
    """Return whether a body is an encrypted paste with what PrivateBin says about it, whatever it is called."""
    if not request_body.holds(request, b'"adata"', b'"ct"', limit=settings.PASTEUR_MAX_BYTES + _MORE_BYTES):
        return False
    try:
        sealed = request_body.json_object(request, labelled=False)
    except RefusedError:
        return False
    return {"ct", "adata"} <= set(sealed) and ("meta" in sealed or request.content_type == "application/json")


def deletes_by_link(request: HttpRequest) -> bool:
    """Return whether a request follows one of the API's links that delete."""
    by_link = request.method in {"GET", "HEAD"} and request.path_info == "/" and problems.speaks(NAME)
    return by_link and "pasteid" in request.GET and "deletetoken" in request.GET


def _names_key_in_json(request: HttpRequest) -> bool:
    query = request.META.get("QUERY_STRING", "").removesuffix("=")
    return request.method in {"GET", "HEAD"} and keys.can_be(query) and _reads(request)


def _answer(facts: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return _open(JsonResponse(facts, status=status))


def _allowed() -> HttpResponse:
    """Answer what a browser asks before it lets a page of another site call."""
    response = _open(HttpResponse(status=204))
    response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, PUT, DELETE"
    response.headers["Access-Control-Allow-Headers"] = "X-Requested-With, Content-Type"
    return response


def _open(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["Accept"])
    return problems.open_to_all(response)
