"""What the page of a paste offers to take along: rendered once for each language and site, for the keys of all."""

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

#: Stands for the key while the rest is rendered.
_KEY = "KEY-OF-THE-PASTE"


@register.simple_tag
def share(site: str, key: str, clone: str) -> SafeString:
    """Return the box for a paste on the site at this address; `clone` is what its copies can be cloned from."""
    return mark_safe(_box(get_language(), site, clone).replace(_KEY, key))  # noqa: S308  (a template, and a key)


@lru_cache(maxsize=64)
def _box(language: str | None, site: str, clone: str) -> str:
    return render_to_string("pastes/_share.html", {"here": f"{site}/{_KEY}", "clone": clone})
