"""oEmbed (https://oembed.com, type `rich`), which allows other sites to show a public paste, given its URL."""

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

_WIDTH, _MAX_HEIGHT = 720, 600
#: The height in pixels of a file without its lines, and of a line.
_FILE_HEIGHT, _LINE_HEIGHT = 80, 22
_DAY = 86_400
#: Allows the frame to run our scripts and open the paste in a new tab. The same as in static/js/embed/embed_loader.js.
_SANDBOX = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"
_PATH = re.compile(f"/({keys.PATTERN})(/embed)?")


@read_only
def oembed(request: HttpRequest) -> HttpResponse:
    """Describe the frame of the public paste at `?url=`, as JSON or XML, within `maxwidth` and `maxheight`."""
    output_format = request.GET.get("format", "json")
    if output_format not in {"json", "xml"}:
        raise RefusedError("format", gettext("format must be json or xml."), status=501)
    description = _describe(request, _find_public(request, request.GET.get("url", "")))
    if output_format == "json":
        return JsonResponse(description)
    return responses.xml(_xml(description), "text/xml")


def _find_public(request: HttpRequest, url: str) -> Paste:
    """Return the public paste at a URL of this site. Raise Http404 for any other URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Http404 from None
    site = urlsplit(responses.site_url(request))
    match = _PATH.fullmatch(parts.path.removeprefix(site.path)) if parts.path.startswith(f"{site.path}/") else None
    if match is None or parts.scheme not in {"http", "https"} or parts.netloc.lower() != site.netloc.lower():
        raise Http404
    paste = reading.find(match[1])
    if paste is None or paste.visibility != "public" or paste.burn or paste.encrypted:
        raise Http404
    return paste


def _describe(request: HttpRequest, paste: Paste) -> dict[str, str | int]:
    title = paste.title or paste.key
    lines = sum(file.content.count("\n") + 1 for file in paste.files)
    height = min(_FILE_HEIGHT * len(paste.files) + _LINE_HEIGHT * lines, _MAX_HEIGHT)
    size = {"width": _at_most(request, "maxwidth", _WIDTH), "height": _at_most(request, "maxheight", height)}
    author = {"author_name": paste.author} if paste.author else {}
    html = format_html(
        '<iframe src="{}/embed" title="{}" width="{width}" height="{height}" frameborder="0" loading="lazy"'
        ' sandbox="{}"></iframe>',
        responses.absolute_url(request, paste.get_absolute_url()),
        title,
        _SANDBOX,
        **size,
    )
    return {
        "version": "1.0",
        "type": "rich",
        "title": title,
        **author,
        **size,
        "provider_name": settings.PASTEUR_TITLE,
        "provider_url": f"{responses.site_url(request)}/",
        "cache_age": _cache_age(paste),
        "html": html,
    }


def _at_most(request: HttpRequest, name: str, pixels: int) -> int:
    """Return the size in pixels, limited by the query parameter with the given name unless that is invalid."""
    limit = request.GET.get(name, "")
    return min(pixels, int(limit)) if re.fullmatch("[1-9][0-9]{0,5}", limit) else pixels


def _cache_age(paste: Paste) -> int:
    """Return how long the response may be cached, in seconds: for a day or until the paste expires."""
    if paste.expires_at is None:
        return _DAY
    return max(0, min(_DAY, int((paste.expires_at - timezone.now()).total_seconds())))


def _xml(description: Mapping[str, str | int]) -> str:
    root = ET.Element("oembed")
    for name, value in description.items():
        ET.SubElement(root, name).text = str(value)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}'
