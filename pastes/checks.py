"""Whether the settings of who may do what say what their operator means."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register  # noqa: A004  (Django's name)

from pastes.access import audiences


def register_all() -> None:
    """Register the checks; `manage.py check` and `manage.py run` run them."""
    register(check_audiences)
    register(check_mail)


def check_audiences(**kwargs: Any) -> Sequence[CheckMessage]:
    """pastes.W001: addresses are those of callers; W002: lists are open to no more people than what they list."""
    found: list[CheckMessage] = []
    named = {name: getattr(settings, f"PASTEUR_MAY_{name}") for name in ("CREATE", "READ", "LIST")}
    audience = {name: audiences.parse(text) for name, text in named.items()}
    if settings.PASTEUR_URL.startswith("https:") and not settings.PASTEUR_PROXIES:
        for name in [name for name, who in audience.items() if who.networks]:
            hint = "Set PASTEUR_PROXIES to the number of web servers in front."
            words = f"PASTEUR_MAY_{name} names addresses, but every caller has that of the web server in front."
            found.append(Warning(words, hint=hint, id="pastes.W001"))
    if audience["LIST"].anyone and not audience["READ"].anyone:
        hint = "Leave PASTEUR_MAY_LIST unset: then who may read may list."
        words = "PASTEUR_MAY_LIST shows titles and authors to more people than PASTEUR_MAY_READ lets read."
        found.append(Warning(words, hint=hint, id="pastes.W002"))
    return found


def check_mail(**kwargs: Any) -> Sequence[CheckMessage]:
    """pastes.W003: whoever is to be told about reports can be."""
    if settings.PASTEUR_MODERATORS and not settings.EMAIL_HOST:
        words = "PASTEUR_MODERATORS names people, but no mail can be sent to them."
        return [Warning(words, hint="Set PASTEUR_EMAIL_URL, such as smtp+tls://user:password@host.", id="pastes.W003")]
    return []
