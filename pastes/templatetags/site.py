"""Settings and URLs shown on every page."""

from functools import cache
from urllib.parse import quote

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.translation import get_language, gettext, gettext_noop

from pastes.http import responses
from pastes.lifecycle import mirror_copy
from pastes.rules.moments import utc
from pastes.rules.site_path import site_path

register = template.Library()
register.filter(utc)

ENGLISH = "en"
#: The default of PASTEUR_SUBTITLE, which is translated.
_DEFAULT_SUBTITLE = gettext_noop("Paste text, get a link, keep it in Git.")


@register.simple_tag(takes_context=True)
def path_to_return_to(context: template.Context) -> str:
    """Return the path to return to the current page; see responses.path_to_return_to."""
    return responses.path_to_return_to(context["request"])


@register.simple_tag(name="site_path")
def path_of_site() -> str:
    """Return the path of the site without a trailing slash, which is empty unless PASTEUR_URL has a path."""
    return site_path("")


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
    subtitle = str(settings.PASTEUR_SUBTITLE)
    return gettext(subtitle) if subtitle == _DEFAULT_SUBTITLE else subtitle


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
def copy_notices() -> mirror_copy.Notices:
    """Return the notices about copies in the mirror, for the form."""
    return mirror_copy.notices()


@register.simple_tag
def page_messages() -> str:
    """Return the URL of the scripts' translations for the page language, or an empty string for English."""
    language = get_language() or ENGLISH
    return "" if language == ENGLISH else asset(f"generated/messages/{language}.js")


@register.simple_tag
@cache
def asset(name: str) -> str:
    """Return the URL of a static file, looked up once per process."""
    return static(name)


@register.filter
def author_path(name: str) -> str:
    """Return the path of the page that lists an author's public pastes."""
    # Browsers resolve these two as path segments even if they are escaped.
    return site_path(f"/by/?name={name}" if name in {".", ".."} else f"/by/{quote(name, safe='')}")
