"""Recognizes from certbot's output why it failed. Pure: it reads text and nothing else."""

import re
from datetime import UTC, datetime

from pasteur_site.certificates.errors import CertificateError
from pasteur_site.configuration.https import CertificateSettings

#: certbot's description of each name that the authority could not validate.
_REPORT = re.compile(
    r"^\s+(?:Identifier|Domain):\s+(?P<name>\S+)\s+Type:\s+(?P<type>\S+)\s+Detail:\s+(?P<detail>.*?)\n(?=\n|\s+(?:Identifier|Domain):)",
    re.MULTILINE | re.DOTALL,
)
#: Lines of certbot that say nothing about the failure.
_NOISE = re.compile(
    r"Saving debug log|Ask for help|An unexpected error|Encountered exception during recovery|Some challenges have"
)
#: What the output has for failures other than of a challenge, the most certain first.
_PATTERNS = [
    ("rate_limit", r"urn:ietf:params:acme:error:rateLimited|too many (certificates|failed|new|requests)|\b429\b"),
    ("already_revoked", r"error:alreadyRevoked"),
    ("key_refused", r"error:badPublicKey|error:badCSR|key is (already )?(revoked|compromised|blocked)"),
    ("caa", r"error:caa\b"),
    ("name_refused", r"error:rejectedIdentifier|error:unsupportedIdentifier|Cannot issue for"),
    (
        "account",
        r"error:(invalidContact|unsupportedContact|userActionRequired|externalAccountRequired|accountDoesNotExist)"
        r"|Error creating new account|Unable to register an account|error:unauthorized|Account \S+ not found",
    ),
    ("authority_certificate", r"SSLError|CERTIFICATE_VERIFY_FAILED"),
    (
        "tsig_key",
        r"peer didn't (know the key|like the signature)|BADKEY|BADSIG|incorrect padding|TSIG.*(verify|failure)",
    ),
    ("tsig_time", r"peer didn't like the time|BADTIME"),
    ("dns_refused", r"Received response from server: (REFUSED|NOTAUTH)"),
    ("dns_zone", r"Unable to determine base domain|Received response from server: (NOTZONE|SERVFAIL|NOTIMP)"),
    ("dns_unreachable", r"Encountered error when making query|DNS operation timed out|Encountered error adding TXT"),
    ("busy", r"Another instance of Certbot is already running"),
    ("disk", r"No space left on device|Read-only file system|Disk quota exceeded|Permission denied"),
    ("authority_unreachable", r"error:serverInternal|ConnectionError|ConnectTimeout|ReadTimeout|Response \[5\d\d\]"),
    ("authority_unreachable", r"RemoteDisconnected|ProxyError|Service Unavailable|error:badNonce"),
    ("not_acme", r"ClientError: <Response \[[34]\d\d\]>|JSONDecodeError|Wrong directory fields|DeserializationError"),
]
_RETRY_AFTER = re.compile(r"retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)", re.IGNORECASE)


def explain(output: str, settings: CertificateSettings) -> CertificateError:
    """Return the failure that certbot's output describes."""
    authority = settings.directory
    if report := _REPORT.search(output):
        code = _challenge_code(report["type"], report["detail"], is_dns=bool(settings.dns_server))
        detail = " ".join(f"{match['name']}: {match['detail']}" for match in _REPORT.finditer(output))
        name = report["name"].removeprefix("*.")
        return CertificateError(code, detail, name=name, server=settings.dns_server, authority=authority)
    detail = " ".join(line.strip() for line in output.splitlines() if line.strip() and not _NOISE.search(line))
    code = next((code for code, pattern in _PATTERNS if re.search(pattern, output, re.IGNORECASE)), "unexpected")
    return CertificateError(
        code,
        detail,
        retry_seconds=_retry_seconds(output, datetime.now(UTC)) if code == "rate_limit" else 0.0,
        name=_refused_name(output) or settings.names[0],
        server=settings.dns_server,
        authority=authority,
    )


def _challenge_code(kind: str, detail: str, *, is_dns: bool) -> str:
    """Return the code for a type of error of RFC 8555, 6.7, in a challenge."""
    if kind == "rateLimited":
        return "rate_limit"
    if kind == "caa" or "CAA record" in detail:
        return "caa"
    if is_dns:
        return "wrong_record"
    # Pebble reports a name without an address as a failed connection.
    if kind == "dns" or re.search(r"could not resolve|NXDOMAIN|no valid A record|no such host", detail, re.IGNORECASE):
        return "name_unknown"
    return {"connection": "port_closed", "unauthorized": "wrong_server", "tls": "wrong_server"}.get(kind, "unexpected")


def _refused_name(output: str) -> str:
    match = re.search(r"Cannot issue for \"([^\"]+)\"", output)
    return match[1] if match else ""


def _retry_seconds(output: str, now: datetime) -> float:
    """Return the seconds until the time that the authority has named, in UTC; 0 if it has named none."""
    match = _RETRY_AFTER.search(output)
    if not match:
        return 0.0
    at = datetime.fromisoformat(f"{match[1]} {match[2]}").replace(tzinfo=UTC)
    return max((at - now).total_seconds(), 0.0)
