"""The share box on a paste's page, rendered once per language and site with a placeholder for the key."""

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

#: The placeholder for the key.
_KEY = "KEY-OF-THE-PASTE"


@register.simple_tag
def share(site: str, key: str, clone: str) -> SafeString:
    """Return the box for a paste. `site` is the URL of the site and `clone` the URL of the mirror."""
    return mark_safe(_box(get_language(), site, clone).replace(_KEY, key))  # noqa: S308  (a template, and a key)


@lru_cache(maxsize=64)
def _box(language: str | None, site: str, clone: str) -> str:
    return render_to_string("pastes/_share.html", {"here": f"{site}/{_KEY}", "clone": clone})
