"""PrivateBin's API, version 2 (https://github.com/PrivateBin/PrivateBin/wiki/API), for pastes encrypted by the client.

They are stored in the same format as the site's own encrypted pastes, so either side can open them. Errors are
returned with status 200 and reported in the member `status`.
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
from pastes.http import paste_options, problems, request_body, request_forms, responses
from pastes.http.problems import Problem
from pastes.lifecycle import reading, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File
from pastes.rules import ciphertext, keys
from pastes.rules.site_path import site_path
from pastes.storage import clock

NAME = "privatebin"
_VERSION = 2
_GONE = "Paste does not exist, has expired or has been deleted."
_DEFAULT_LIFETIME = "1week"
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
#: The members of a ciphertext that clients support.
_MEMBERS = ("v", "adata", "ct")
#: The maximum length of the request without the members that are stored as the content of the paste.
_ENVELOPE_BYTES = 4_096


def _has_marker(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "JSONHttpRequest"


def _accepts_json(request: HttpRequest) -> bool:
    """Return whether a GET request to `/?...` expects JSON instead of a page."""
    try:
        media_type = request.get_preferred_type(["text/html", "application/json"])
    except (ValueError, TypeError):  # Django's parser fails on malformed parameters.
        media_type = None
    return _has_marker(request) or media_type == "application/json"


def _key_in_query(request: HttpRequest) -> str:
    """Return the key from a URL such as `/?KEY`, even if trackers have added parameters, or an empty string."""
    names = (part.removesuffix("=") for part in request.META.get("QUERY_STRING", "").split("&"))
    return next((name for name in names if keys.is_valid_key(name)), "")


def _reads_by_key(request: HttpRequest) -> bool:
    return request.method in {"GET", "HEAD"} and _key_in_query(request) != "" and _accepts_json(request)


@problems.error_format(
    NAME, lambda request: request.path_info == "/" and (_has_marker(request) or _reads_by_key(request))
)
def format_problem(problem: Problem) -> HttpResponse:
    """Format a problem as `{"status": 1, "message": ...}`, with HTTP status 200 unless a retry may help."""
    status = problem.status if problem.status in {429, 503} else 200
    return _failure(_GONE if problem.code == "not_found" else problem.message, status=status)


def get(request: HttpRequest) -> HttpResponse | None:
    """Handle a GET or HEAD request to `/` that calls the API or follows one of its links; return None for others."""
    if not problems.is_enabled(NAME):
        return None
    if request.GET.get("jsonld") == "paste":
        context = {"@context": {"v": {"@value": _VERSION}}}
        return _api_response(JsonResponse(context, content_type="application/ld+json"))
    if "pasteid" in request.GET and "deletetoken" in request.GET:
        return _delete_by_link(request, request.GET["pasteid"], request.GET["deletetoken"])
    if key := _key_in_query(request):
        return (
            _read(request, key) if _accepts_json(request) else redirect(site_path(f"/{key}"))
        )  # Browsers preserve the fragment.
    return _failure(_GONE) if _has_marker(request) and request.META.get("QUERY_STRING", "") else None


def matches(request: HttpRequest) -> bool:
    """Return whether a request to `/` with a method other than GET and HEAD calls the API."""
    return problems.is_enabled(NAME) and (_is_preflight(request) or _has_marker(request) or _is_encrypted(request))


def handle(request: HttpRequest) -> HttpResponse:
    """Handle a request for which `matches` is True: a new paste, a deletion, or a browser's preflight request."""
    if _is_preflight(request):
        response = _api_response(HttpResponse(status=204))
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, PUT, DELETE"
        response.headers["Access-Control-Allow-Headers"] = "X-Requested-With, Content-Type"
        return response
    try:
        body = request_body.json_object(request, require_type=False)
        return _delete(request, body) if "deletetoken" in body or "pasteid" in body else _create(request, body)
    except RefusedError as refused:
        problems.mark_failed(request)
        return _api_response(format_problem(Problem.from_error(refused)))


def _is_preflight(request: HttpRequest) -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _is_encrypted(request: HttpRequest) -> bool:
    """Return whether the body is PrivateBin's JSON, regardless of its content type."""
    if request.content_type == request_forms.MULTIPART:
        return False
    body = request_body.peek(request, settings.PASTEUR_MAX_BYTES + _ENVELOPE_BYTES)
    if b'"adata"' not in body or b'"ct"' not in body:
        return False
    try:
        paste = request_body.json_object(request, require_type=False)
    except RefusedError:
        return False
    return {"ct", "adata"} <= set(paste) and ("meta" in paste or request.content_type == "application/json")


def _create(request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
    paste_options.refuse_all(request)
    types = {"v": (int,), "adata": (list,), "ct": (str,), "meta": (dict,)}
    envelope = json_fields.validate(body, object_name="The paste", required=types)
    meta = json_fields.validate(envelope.pop("meta"), object_name="meta", optional={"expire": (str,)})
    expire = meta.get("expire", _DEFAULT_LIFETIME)
    if expire not in _LIFETIMES:
        raise RefusedError("expires", f"expire must be one of {', '.join(_LIFETIMES)}.", field="expire")
    ciphertext.check_object(envelope)
    text = json.dumps({name: envelope[name] for name in _MEMBERS}, separators=(",", ":"))
    draft = Draft([NewFile(text)], lifetime=_LIFETIMES[expire], burn=bool(envelope["adata"][3]), encrypted=True)
    paste = writing.publish(draft, token=secrets.token_hex(32))
    response = _success({"id": paste.key, "url": f"/?{paste.key}", "deletetoken": paste.token})
    return responses.with_edit_token(response, paste)


def _read(request: HttpRequest, key: str) -> HttpResponse:
    paste = reading.find(key)
    if paste is None or not paste.encrypted:
        return _failure(_GONE)
    if paste.burn and (request.method != "GET" or responses.is_prefetch(request)):
        return _failure("This paste burns after reading.")
    with transaction.atomic():
        envelope = _load_envelope(writing.burn(paste) if paste.burn else paste.files)
        if envelope is None:
            transaction.set_rollback(True)  # A paste that cannot be expressed in this format must not burn unread.
    if envelope is None:
        return _failure(_GONE)
    meta = {"time_to_live": int((paste.expires_at - clock.now()).total_seconds())} if paste.expires_at else {}
    no_comments = {"comments": [], "comment_count": 0, "comment_offset": 0}
    return _success({"id": key, "url": f"/?{key}", **envelope, "meta": meta, **no_comments})


def _load_envelope(files: list[File] | None) -> dict[str, Any] | None:
    """Return the JSON object in the file of an encrypted paste, or None if it has the original Pasteur's format."""
    if not files or not files[0].content.startswith("{"):
        return None
    envelope: dict[str, Any] = json.loads(files[0].content)
    return {name: envelope[name] for name in _MEMBERS}


def _delete(request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
    types = {"pasteid": (str,), "deletetoken": (str,)}
    values = json_fields.validate(body, object_name="The deletion", required=types)
    key, token = values["pasteid"], values["deletetoken"]
    problems.mark_failed(request)  # Nothing is created, so the request is not charged as a new paste.
    paste = reading.find_to_change(key)
    if not edit_tokens.owns(paste, token):
        return _failure("Wrong deletion token. Paste was not deleted." if paste else _GONE)
    if request.method != "HEAD" and not responses.is_prefetch(request):
        writing.remove(paste)
    return _success({"id": key, "url": f"/?{key}"})


def _delete_by_link(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Delete the paste for a program; redirect a browser to the confirmation page, with the token in the fragment."""
    if _accepts_json(request):
        return _delete(request, {"pasteid": key, "deletetoken": token})
    is_right = edit_tokens.owns(reading.find_to_change(key), token)
    response = redirect(site_path(f"/{key}/delete#token={token}" if is_right else "/"))
    response.headers["Cache-Control"] = "no-store"
    return response


def _success(members: dict[str, Any]) -> HttpResponse:
    return _api_response(JsonResponse({"status": 0, **members}))


def _failure(message: str, *, status: int = 200) -> HttpResponse:
    return _api_response(JsonResponse({"status": 1, "message": message}, status=status))


def _api_response(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["Accept"])
    return problems.allow_any_origin(response)
