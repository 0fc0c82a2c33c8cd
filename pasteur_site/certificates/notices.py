"""Mail to the operator when no new certificate can be had, from the first failure on, and when that is over."""

import logging
import smtplib
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage

from pasteur_site.certificates.served import Certificate
from pasteur_site.certificates.state import State

logger = logging.getLogger(__name__)

#: While failures last, one mail each day.
_INTERVAL = timedelta(days=1)


def is_due(state: State, now: datetime) -> bool:
    """Whether a mail about the last failure has to be sent."""
    return state.failures > 0 and (state.mailed_at is None or now - state.mailed_at >= _INTERVAL)


def send_failure(state: State, certificate: Certificate | None) -> bool:
    """Mail about the last failure; return whether there was an address, and the mail server took it."""
    name = settings.CERTIFICATE.names[0]
    if certificate and not certificate.is_placeholder:
        served = f"The certificate in use is valid until {certificate.expires_at:%Y-%m-%d %H:%M} UTC."
    else:
        served = "Browsers warn of the site until it has a certificate: it shows a placeholder."
    lines = [state.summary, state.advice, served]
    if state.retry_at:
        lines.append(f"{_times(state.failures)} in a row; next try: {state.retry_at:%Y-%m-%d %H:%M} UTC.")
    lines.append("`manage.py certificate --dry-run` tries everything and changes nothing.")
    if state.detail:
        lines.append(f"Message:\n{state.detail}")
    return _send(f"no new certificate for {name} ({state.code})", lines)


def send_recovery(certificate: Certificate) -> bool:
    """Mail that there is a new certificate after failures."""
    expiry = f"The new certificate is valid until {certificate.expires_at:%Y-%m-%d %H:%M} UTC."
    return _send(f"{settings.CERTIFICATE.names[0]} has a new certificate", [expiry])


def _times(number: int) -> str:
    return "1 failure" if number == 1 else f"{number} failures"


def _send(subject: str, paragraphs: list[str]) -> bool:
    to = [settings.CERTIFICATE.email] if settings.CERTIFICATE.email else settings.PASTEUR_MODERATORS
    if not to or not settings.EMAIL_HOST:
        return False
    message = EmailMessage(
        subject=" ".join(f"{settings.PASTEUR_TITLE}: {subject}".split()),
        body="\n\n".join(paragraphs) + "\n",
        from_email=settings.PASTEUR_EMAIL_FROM,
        to=to,
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("no mail about the certificate could be sent: %s", error)
        return False
    return True
