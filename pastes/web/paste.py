"""The pages of one paste: read, raw, download, burn."""

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


@read_only
def page(request: HttpRequest, key: str, ending: str = "") -> HttpResponseBase:
    """The paste as a page, and as text to a program. `?raw`, as the first Pasteur had it, gives the text alone.

    `?hl=ocaml`, or the ending of a file, shows it in that language; with `?ln=false` the lines have no numbers.
    """
    if request.GET.get("raw", "false") != "false":
        return raw(request, key)
    paste = find(key, with_copy=True)
    response = _text(request, paste) if responses.wants_text(request) else _page(request, paste, ending)
    patch_vary_headers(response, ["Accept"])
    return response


def _text(request: HttpRequest, paste: Paste) -> HttpResponse:
    refuse_burning(paste)
    return responses.unless_known(
        request, responses.in_one(paste.files), paste.files[0].oid if len(paste.files) == 1 else ""
    )


def _page(request: HttpRequest, paste: Paste, ending: str) -> HttpResponse:
    if paste.burn:
        return render(request, "pastes/burn.html", {"paste": paste})
    language = _asked_language(request, ending)
    if language and not paste.encrypted:
        for file in paste.files:
            file.language = language.name
    copy, site = mirror_copy.of(paste), responses.address(request, "")
    context = {
        "paste": paste,
        "files": paste.files,
        "copy": copy,
        "site": site,
        "here": site + paste.get_absolute_url(),
        "asked_language": language.name if language else "",
        "has_numbers": request.GET.get("ln") != "false",
    }
    return page_cache.of(request, paste, copy, lambda: render(request, "pastes/paste.html", context))


def _asked_language(request: HttpRequest, ending: str) -> Language | None:
    """Return the language that an address asks for: with `?hl=`, with `?py` as sprunge and ix have it, or as ending."""
    named = languages.named(request.GET.get("hl", ""))
    if named is None and (problems.speaks("sprunge") or problems.speaks("ix")):
        named = languages.named(request.META.get("QUERY_STRING", ""))
    if named is None and ending:
        named = languages.of_file(f"a.{ending}")
        named = languages.named(ending) if named is PLAIN else named
    return named


@read_only
def old_page(request: HttpRequest, name: str) -> HttpResponseBase:
    """The same under the code that the first Pasteur gave it; its links have the key of encryption after a `#`.

    And under its key with the ending of a file, which picks the language, as hastebin has it.
    """
    stem, _, ending = name.partition(".")
    if ending and keys.can_be(stem) and problems.speaks("hastebin"):
        return page(request, stem, ending)
    key = reading.key_of_old_code(name)
    if key is None:
        raise Http404
    return page(request, key)


@read_only
def raw(request: HttpRequest, key: str, name: str = "") -> HttpResponseBase:
    """The text of one file, the first if none is named, byte for byte as it was sent."""
    file = _file(key, name)
    return responses.unless_known(request, file.content, file.oid)


@read_only
def download(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """The text of one file, to be saved under its name."""
    file = _file(key, name)
    return responses.raw(file.content, disposition=responses.attachment(file.name))


#: ZIP has no other dates; what comes back from Git may bear any.
_ZIP_BEGINS, _ZIP_ENDS = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)


@read_only
def all_files(request: HttpRequest, key: str) -> HttpResponseBase:
    """All files of a paste in one ZIP archive, each under its name."""
    paste = find(key)
    refuse_burning(paste)
    made_at = min(max(paste.created_at.timetuple()[:6], _ZIP_BEGINS), _ZIP_ENDS)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in paste.files:
            archive.writestr(zipfile.ZipInfo(file.name, made_at), file.content, zipfile.ZIP_DEFLATED)
    headers = {"Content-Disposition": responses.attachment(f"{key}.zip"), "X-Robots-Tag": "noindex"}
    return HttpResponse(held.getvalue(), content_type="application/zip", headers=headers)


@require_http_methods(["DELETE"])
def delete(request: HttpRequest, key: str) -> HttpResponseBase:
    """Take a paste off the site for good, for who has its edit token; with If-Match, only as it was seen."""
    paste = find_to_change(key)
    edit_tokens.demand(paste, request.headers.get(responses.TOKEN_HEADER, ""), deleting=True)
    if not writing.remove(paste, expected=_seen(request, paste)):
        raise Http404
    return HttpResponse(status=204)


def _seen(request: HttpRequest, paste: Paste) -> int | None:
    """Return which revision If-Match names, by the ETag of the API or of the text; None when any will do."""
    if_match = request.headers.get("If-Match", "")
    if if_match and f'"{blob_oid(responses.in_one(paste.files).encode())}"' in if_match:
        return paste.head
    return responses.seen_revision(if_match, paste.head)


@csrf_exempt  # No cookie is looked at: whoever knows the key may read, once.
@require_POST
def burn(request: HttpRequest, key: str) -> HttpResponseBase:
    """Read a burn-after-reading paste; exactly one caller gets it."""
    paste = reading.find(key)
    files = writing.burn(paste) if paste else None
    if paste is None or files is None:
        raise Http404
    if responses.wants_page(request):
        context = {"paste": paste, "files": files, "copy": mirror_copy.of(paste)}
        response = render(request, "pastes/paste.html", context)
    else:
        response = responses.raw(responses.in_one(files))
    response.headers["Cache-Control"] = "no-store"
    return response


def find(key: str, *, with_copy: bool = False) -> Paste:
    """Return the readable paste of this key, found as `reading.find` does, or raise Http404."""
    return _there(reading.find(key, with_copy=with_copy))


def find_to_change(key: str) -> Paste:
    """Return the same for what needs proof of its own, whether or not the caller may read it."""
    return _there(reading.find_to_change(key))


def _there(paste: Paste | None) -> Paste:
    if paste is None:
        raise Http404
    return paste


def refuse_burning(paste: Paste) -> None:
    """Raise RefusedError for a paste whose content only `burn` hands out."""
    if paste.burn:
        message = gettext("This paste burns after reading: send a POST to /%(key)s/burn to read it.") % {
            "key": paste.key
        }
        raise RefusedError("burns", message, status=403)


def _file(key: str, name: str) -> File:
    paste = find(key)
    refuse_burning(paste)
    for file in paste.files:
        if file.name == name or not name:
            return file
    raise Http404
