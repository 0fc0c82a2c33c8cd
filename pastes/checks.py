"""System checks for the permission and mail settings."""

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
    """Check for a proxy that hides addresses (pastes.W001) and for callers that may list but not read (pastes.W002)."""
    warnings: list[CheckMessage] = []
    names = ("CREATE", "READ", "LIST")
    audience = {name: audiences.parse(getattr(settings, f"PASTEUR_MAY_{name}")) for name in names}
    if settings.PASTEUR_URL.startswith("https:") and not settings.PASTEUR_PROXIES:
        for name in names:
            if audience[name].networks:
                message = f"PASTEUR_MAY_{name} contains addresses, but all callers have the address of the web server."
                hint = "Set PASTEUR_PROXIES to the number of web servers in front."
                warnings.append(Warning(message, hint=hint, id="pastes.W001"))
    if audience["LIST"].anyone and not audience["READ"].anyone:
        message = "PASTEUR_MAY_LIST shows titles and authors to more callers than PASTEUR_MAY_READ allows to read."
        hint = "Remove PASTEUR_MAY_LIST: its default is PASTEUR_MAY_READ."
        warnings.append(Warning(message, hint=hint, id="pastes.W002"))
    return warnings


def check_mail(**kwargs: Any) -> Sequence[CheckMessage]:
    """Check for pastes.W003: moderators cannot be notified by mail."""
    if settings.PASTEUR_MODERATORS and not settings.EMAIL_HOST:
        message = "PASTEUR_MODERATORS is set, but the site cannot send mail."
        hint = "Set PASTEUR_EMAIL_URL, such as smtp+tls://user:password@host."
        return [Warning(message, hint=hint, id="pastes.W003")]
    return []
