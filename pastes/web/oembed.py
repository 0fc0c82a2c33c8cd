"""What another site needs to show a public paste by its address alone (https://oembed.com, type `rich`)."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext

from pastes.errors import RefusedError
from pastes.http import responses
from pastes.http.methods import read_only
from pastes.lifecycle import reading
from pastes.models import Paste
from pastes.rules import keys

_WIDTH, _MOST_HEIGHT = 720, 600
#: The pixels that a file takes beside its lines, and those of a line.
_FILE_HEIGHT, _LINE_HEIGHT = 80, 22
_DAY = 86_400
#: What the frame may do: run our scripts, open the paste in a new tab. As in static/js/embed/embed_loader.js.
_SANDBOX = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"
_PATH = re.compile(f"/({keys.PATTERN})(/embed)?")


@read_only
def oembed(request: HttpRequest) -> HttpResponse:
    """Say how to show the public paste at `?url=`, as JSON or XML, within `maxwidth` and `maxheight`."""
    form = request.GET.get("format", "json")
    if form not in {"json", "xml"}:
        raise RefusedError("format", gettext("format must be json or xml."), status=501)
    facts = _facts(request, _public(request, request.GET.get("url", "")))
    if form == "json":
        return JsonResponse(facts)
    return responses.xml(_xml(facts), "text/xml")


def _public(request: HttpRequest, url: str) -> Paste:
    """Return the public paste at an address of this site. Raises Http404 for any other address."""
    try:
        asked = urlsplit(url)
    except ValueError:
        raise Http404 from None
    here = urlsplit(responses.address(request, "/")).netloc
    found = _PATH.fullmatch(asked.path)
    if found is None or asked.scheme not in {"http", "https"} or asked.netloc.lower() != here.lower():
        raise Http404
    paste = reading.find(found[1])
    if paste is None or paste.visibility != "public" or paste.burn or paste.encrypted:
        raise Http404
    return paste


def _facts(request: HttpRequest, paste: Paste) -> dict[str, str | int]:
    title = paste.title or paste.key
    lines = sum(file.content.count("\n") + 1 for file in paste.files)
    height = min(_FILE_HEIGHT * len(paste.files) + _LINE_HEIGHT * lines, _MOST_HEIGHT)
    size = {"width": _at_most(request, "maxwidth", _WIDTH), "height": _at_most(request, "maxheight", height)}
    facts: dict[str, str | int] = {"version": "1.0", "type": "rich", "title": title}
    if paste.author:
        facts["author_name"] = paste.author
    return (
        facts
        | size
        | {
            "provider_name": settings.PASTEUR_TITLE,
            "provider_url": responses.address(request, "/"),
            "cache_age": _cache_age(paste),
            "html": format_html(
                '<iframe src="{}/embed" title="{}" width="{width}" height="{height}" frameborder="0" loading="lazy"'
                ' sandbox="{}"></iframe>',
                responses.address(request, paste.get_absolute_url()),
                title,
                _SANDBOX,
                **size,
            ),
        }
    )


def _at_most(request: HttpRequest, name: str, wanted: int) -> int:
    """Return the pixels that are wanted, or those that the other site has; what is no number says nothing."""
    said = request.GET.get(name, "")
    return min(wanted, int(said)) if re.fullmatch("[1-9][0-9]{0,5}", said) else wanted


def _cache_age(paste: Paste) -> int:
    """Return for how many seconds the answer may be kept: a day, but never longer than the paste."""
    if paste.expires_at is None:
        return _DAY
    return max(0, min(_DAY, int((paste.expires_at - timezone.now()).total_seconds())))


def _xml(facts: Mapping[str, str | int]) -> str:
    root = ET.Element("oembed")
    for name, fact in facts.items():
        ET.SubElement(root, name).text = str(fact)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}'
