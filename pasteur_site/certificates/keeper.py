"""The program of `manage.py run` that keeps the certificate valid: `python -m pasteur_site.certificates.keeper`."""

import logging.config
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from types import FrameType

from pasteur_site.startup import load_settings

load_settings()

from django.conf import settings  # noqa: E402  (settings come first)

from pasteur_site.certificates import notices, renewal, served, state  # noqa: E402
from pasteur_site.certificates.errors import CertificateError  # noqa: E402
from pasteur_site.processes import output  # noqa: E402

logger = logging.getLogger("pasteur_site.certificates")

#: Seconds between two looks at the certificate: one that was revoked is replaced soon.
_INTERVAL = 2.0
#: Seconds in which the web server has to answer after a start.
_SITE_SECONDS = 60.0


def main() -> None:
    """Keep the certificate valid until SIGTERM."""
    output.never_wait()
    logging.config.dictConfig(settings.LOGGING)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    while True:
        try:
            if renewal.next_attempt_at(datetime.now(UTC)) <= datetime.now(UTC):
                _renew()
        except OSError as error:
            logger.warning("the certificate cannot be looked at: %s", error)
        time.sleep(_INTERVAL)


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(0)  # certbot ends as well: the exception passes through subprocess.run.


def _renew() -> None:
    before = state.read()
    try:
        certificate = renewal.renew(site_seconds=_SITE_SECONDS)
    except CertificateError as error:
        if error.code != "busy":  # A command is getting it.
            _report(error)
        return
    due = renewal.due_at(certificate, datetime.now(UTC))
    logger.info(
        "new certificate for %s by %s, valid until %s, next one on %s",
        ", ".join(certificate.names),
        certificate.issuer,
        f"{certificate.expires_at:%Y-%m-%d %H:%M}",
        f"{due:%Y-%m-%d %H:%M}",
    )
    if before.mailed_at:
        notices.send_recovery(certificate)


def _report(error: CertificateError) -> None:
    now = datetime.now(UTC)
    current = state.read()
    seconds = (current.retry_at - now).total_seconds() if current.retry_at else 0.0
    logger.warning(
        "no new certificate (%s, next try in %.0f s): %s %s", error.code, seconds, error.summary, error.advice
    )
    if error.detail:
        logger.warning("no new certificate (%s): %s", error.code, error.detail)
    if notices.is_due(current, now) and notices.send_failure(current, served.read()):
        state.write(replace(current, mailed_at=now))


if __name__ == "__main__":
    main()
