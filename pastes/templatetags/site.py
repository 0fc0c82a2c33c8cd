"""What every page says about the site itself."""

from datetime import datetime
from functools import cache

from django import template
from django.conf import settings
from django.templatetags.static import static

from pastes import copies

register = template.Library()


@register.simple_tag
def site_title() -> str:
    """Return PASTEUR_TITLE."""
    return str(settings.PASTEUR_TITLE)


@register.simple_tag
def site_subtitle() -> str:
    """Return PASTEUR_SUBTITLE."""
    return str(settings.PASTEUR_SUBTITLE)


@register.simple_tag
def site_notice() -> str:
    """Return PASTEUR_NOTICE."""
    return str(settings.PASTEUR_NOTICE)


@register.simple_tag
def site_footer() -> str:
    """Return PASTEUR_FOOTER."""
    return str(settings.PASTEUR_FOOTER)


@register.simple_tag
def max_bytes() -> int:
    """Return PASTEUR_MAX_BYTES."""
    return int(settings.PASTEUR_MAX_BYTES)


@register.simple_tag
def copy_promise() -> str:
    """Return what an author has to know about copies."""
    return copies.promise()


@register.simple_tag
@cache
def asset(name: str) -> str:
    """Return the address of a static file, looked up once: it does not change while the process lives."""
    return static(name)


@register.filter
def utc(moment: datetime) -> str:
    """Return a moment as people read it."""
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
