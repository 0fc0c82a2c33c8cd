"""A single paste: its page, raw content, downloads, burning and deletion."""

import io
import zipfile

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from pastes.access import edit_tokens
from pastes.errors import RefusedError
from pastes.http import page_cache, problems, responses
from pastes.http.methods import read_only
from pastes.lifecycle import mirror_copy, reading, writing
from pastes.models import File, Paste, blob_oid
from pastes.rules import keys, languages
from pastes.rules.languages import PLAIN, Language

#: File extensions that make shared caches and browsers mistake a page for a static file and cache it.
_ASSETS = frozenset(
    "css js mjs cjs map wasm woff woff2 ttf otf eot svg svgz ico png jpg jpeg gif webp avif".split()  # noqa: SIM905
)


@read_only
def page(request: HttpRequest, key: str, ending: str = "") -> HttpResponseBase:
    """Show a paste as a page, or as text if a program asks or the query string contains `raw`.

    `?hl=ocaml` or a file extension sets the language, and `?ln=false` hides line numbers.
    """
    if request.GET.get("raw", "false") != "false":
        return raw(request, key)
    paste = find(key, with_copy=True)
    response = _text(request, paste) if responses.wants_text(request) else _page(request, paste, ending)
    patch_vary_headers(response, ["Accept"])
    return response


def _text(request: HttpRequest, paste: Paste) -> HttpResponse:
    refuse_burning(paste)
    return responses.raw_or_not_modified(
        request, responses.join_files(paste.files), paste.files[0].oid if len(paste.files) == 1 else ""
    )


def _page(request: HttpRequest, paste: Paste, ending: str) -> HttpResponse:
    if paste.burn:
        return render(request, "pastes/burn.html", {"paste": paste, "site": responses.site_url(request)})
    language = _requested_language(request, ending)
    if language and not paste.encrypted:
        for file in paste.files:
            file.language = language.name
    copy, site = mirror_copy.of(paste), responses.site_url(request)
    context = {
        "paste": paste,
        "files": paste.files,
        "copy": copy,
        "site": site,
        "here": responses.absolute_url(request, paste.get_absolute_url()),
        "requested_language": language.name if language else "",
        "has_numbers": request.GET.get("ln") != "false",
    }
    return page_cache.render_cached(request, paste, copy, lambda: render(request, "pastes/paste.html", context))


def _requested_language(request: HttpRequest, ending: str) -> Language | None:
    """Return the language from the URL: `?hl=py`, `?py` as in sprunge and ix, or a file extension."""
    language = languages.named(request.GET.get("hl", ""))
    if language is None and (problems.is_enabled("sprunge") or problems.is_enabled("ix")):
        language = languages.named(request.META.get("QUERY_STRING", ""))
    if language is None and ending:
        language = languages.of_file(f"a.{ending}")
        language = languages.named(ending) if language is PLAIN else language
    return language


@read_only
def old_page(request: HttpRequest, name: str) -> HttpResponseBase:
    """Show the paste with a code of the original Pasteur, or with a key and a file extension, as in hastebin.

    Like this site, the original Pasteur uses the fragment for the encryption key.
    """
    stem, _, ending = name.partition(".")
    if ending and keys.is_valid_key(stem) and problems.is_enabled("hastebin"):
        if ending.lower().rpartition(".")[2] in _ASSETS:
            raise Http404
        return page(request, stem, ending)
    key = reading.key_of_old_code(name)
    if key is None:
        raise Http404
    return page(request, key)


@read_only
def raw(request: HttpRequest, key: str, name: str = "") -> HttpResponseBase:
    """Return a file byte for byte. The default is the first one."""
    file = _find_file(key, name)
    return responses.raw_or_not_modified(request, file.content, file.oid)


@read_only
def download(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """Return a file as a download under its name."""
    file = _find_file(key, name)
    return responses.raw(file.content, disposition=responses.attachment(file.name))


#: The range of dates that ZIP supports. A paste that was restored from Git may have any date.
_ZIP_MIN_DATE, _ZIP_MAX_DATE = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)


@read_only
def all_files(request: HttpRequest, key: str) -> HttpResponseBase:
    """Return all files of a paste as a ZIP archive."""
    paste = find(key)
    refuse_burning(paste)
    date = min(max(paste.created_at.timetuple()[:6], _ZIP_MIN_DATE), _ZIP_MAX_DATE)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in paste.files:
            archive.writestr(zipfile.ZipInfo(file.name, date), file.content, zipfile.ZIP_DEFLATED)
    headers = {"Content-Disposition": responses.attachment(f"{key}.zip"), "X-Robots-Tag": "noindex"}
    return HttpResponse(buffer.getvalue(), content_type="application/zip", headers=headers)


@require_http_methods(["DELETE"])
def delete(request: HttpRequest, key: str) -> HttpResponseBase:
    """Erase a paste, given its edit token. If If-Match is given, only do so if it matches the current revision."""
    paste = find_to_change(key)
    edit_tokens.demand(paste, request.headers.get(responses.TOKEN_HEADER, ""), deleting=True)
    if not writing.remove(paste, expected=_expected_revision(request, paste)):
        raise Http404
    return HttpResponse(status=204)


def _expected_revision(request: HttpRequest, paste: Paste) -> int | None:
    """Return the revision that If-Match requires, or None. Its ETag may be that of the API or of the content."""
    if_match = request.headers.get("If-Match", "")
    if if_match and f'"{blob_oid(responses.join_files(paste.files).encode())}"' in if_match:
        return paste.head
    return responses.revision_from_if_match(if_match, paste.head)


@csrf_exempt  # Cookies are ignored: knowing the key grants permission to read.
@require_POST
def burn(request: HttpRequest, key: str) -> HttpResponseBase:
    """Return a paste that burns after reading to exactly one caller."""
    paste = reading.find(key)
    files = writing.burn(paste) if paste else None
    if paste is None or files is None:
        raise Http404
    if responses.wants_html(request):
        context = {"paste": paste, "files": files, "copy": mirror_copy.of(paste)}
        response = render(request, "pastes/paste.html", context)
    else:
        response = responses.raw(responses.join_files(files))
    response.headers["Cache-Control"] = "no-store"
    return response


def find(key: str, *, with_copy: bool = False) -> Paste:
    """Return the readable paste with this key, as `reading.find` does. Raise Http404 if there is none."""
    return _or_404(reading.find(key, with_copy=with_copy))


def find_to_change(key: str) -> Paste:
    """Return the paste, as `reading.find_to_change` does. Raise Http404 if there is none."""
    return _or_404(reading.find_to_change(key))


def _or_404(paste: Paste | None) -> Paste:
    if paste is None:
        raise Http404
    return paste


def refuse_burning(paste: Paste) -> None:
    """Raise RefusedError if the paste burns after reading, since only `burn` may return its files."""
    if paste.burn:
        message = gettext("This paste burns after reading. Send a POST request to %(path)s/burn to read it.")
        message %= {"path": paste.get_absolute_url()}
        raise RefusedError("burns", message, status=403)


def _find_file(key: str, name: str) -> File:
    paste = find(key)
    refuse_burning(paste)
    for file in paste.files:
        if file.name == name or not name:
            return file
    raise Http404
