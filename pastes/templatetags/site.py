"""What every page says about the site itself."""

from functools import cache
from urllib.parse import quote

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.translation import get_language, gettext, gettext_noop

from pastes.lifecycle import mirror_copy
from pastes.rules.moments import utc

register = template.Library()
register.filter(utc)

ENGLISH = "en"
#: What the settings say as long as nobody says it otherwise.
_SUBTITLE = gettext_noop("Paste text, get a link, keep it in Git.")


@register.simple_tag
def site_title() -> str:
    """Return PASTEUR_TITLE."""
    return str(settings.PASTEUR_TITLE)


@register.simple_tag
def site_logo() -> str:
    """Return PASTEUR_LOGO."""
    return str(settings.PASTEUR_LOGO)


@register.simple_tag
def site_subtitle() -> str:
    """Return PASTEUR_SUBTITLE."""
    said = str(settings.PASTEUR_SUBTITLE)
    return gettext(said) if said == _SUBTITLE else said


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
def copy_promise() -> mirror_copy.Promise:
    """Return what an author has to know about copies."""
    return mirror_copy.promise()


@register.simple_tag
def page_messages() -> str:
    """Return the address of the translations for scripts; empty for English, which needs none."""
    language = get_language() or ENGLISH
    return "" if language == ENGLISH else asset(f"generated/messages/{language}.js")


@register.simple_tag
@cache
def asset(name: str) -> str:
    """Return the address of a static file, looked up once: it does not change while the process lives."""
    return static(name)


@register.filter
def path_of_author(name: str) -> str:
    """Return the path of the page with the public pastes of an author."""
    # Browsers take these two for folders, however they are written.
    return f"/by/?name={name}" if name in {".", ".."} else f"/by/{quote(name, safe='')}"
