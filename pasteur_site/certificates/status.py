"""The state of the certificate for operators: `/readyz`, the metrics and the first page of the admin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pasteur_site.certificates import served, state
from pasteur_site.certificates.served import Certificate
from pasteur_site.certificates.state import State


@dataclass(frozen=True)
class Status:
    """The certificate in use, if the file can be read, and the last attempts to get a new one."""

    certificate: Certificate | None
    attempts: State

    @property
    def is_placeholder(self) -> bool:
        """Whether no authority has issued the certificate."""
        return self.certificate is None or self.certificate.is_placeholder

    @property
    def is_expired(self) -> bool:
        """Whether the certificate is no longer valid."""
        return self.certificate is not None and self.certificate.expires_at <= datetime.now(UTC)

    @property
    def has_problem(self) -> bool:
        """Whether an operator should look at it."""
        return bool(self.attempts.failures) or self.is_placeholder or self.is_expired

    def details(self) -> dict[str, object]:
        """Return what `/readyz` tells operators."""
        certificate = None if self.is_placeholder else self.certificate
        return {
            "names": list(settings.CERTIFICATE.names),
            "expires_at": certificate.expires_at.isoformat() if certificate else None,
            "failures": self.attempts.failures,
            "error": self.attempts.code,
            "summary": self.attempts.summary,
        }


def current() -> Status | None:
    """Return the status; None if the site does not get its own certificates."""
    return Status(served.read(), state.read()) if settings.PASTEUR_HTTPS else None


class Metrics(Collector):
    """The metrics of the certificate; none without PASTEUR_HTTPS."""

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        status = current()
        if status is None:
            return
        expiry = status.certificate.expires_at.timestamp() if status.certificate and not status.is_placeholder else 0.0
        yield GaugeMetricFamily(
            "pasteur_certificate_expiry_timestamp_seconds",
            "When the certificate expires, in Unix time; 0 for a placeholder.",
            expiry,
        )
        yield GaugeMetricFamily(
            "pasteur_certificate_failures_in_a_row", "Failures to get a certificate.", status.attempts.failures
        )
