"""The share box on a paste's page, rendered once per language and site with a placeholder for the key."""

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from pastes.models import Paste

register = template.Library()

#: The placeholder for the key.
_KEY = "KEY-OF-THE-PASTE"


@register.simple_tag
def share(site: str, paste: Paste, clone: str = "") -> SafeString:
    """Return the box for a paste. `site` is the URL of the site and `clone` the URL of the mirror.

    For a paste that is encrypted or burns, it only contains the link and its QR code, as programs and frames cannot
    show its content.
    """
    box = _box(get_language(), site, clone, is_encrypted=paste.encrypted, is_secret=paste.encrypted or paste.burn)
    return mark_safe(box.replace(_KEY, paste.key))  # noqa: S308  (a template, and a key)


@lru_cache(maxsize=64)
def _box(language: str | None, site: str, clone: str, *, is_encrypted: bool, is_secret: bool) -> str:
    context = {"here": f"{site}/{_KEY}", "clone": clone, "is_encrypted": is_encrypted, "is_secret": is_secret}
    return render_to_string("pastes/_share.html", context)
