"""certbot's output, and the failure that an operator is told. The texts are those of Let's Encrypt and of certbot."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from pasteur_site.certificates import messages
from pasteur_site.certificates.errors import KINDS


def challenge(kind: str, detail: str, name: str = "paste.test") -> str:
    """Return certbot's output about a name that the authority could not validate."""
    return (
        "Requesting a certificate for paste.test\n\nCertbot failed to authenticate some domains."
        f" The Certificate Authority reported these problems:\n  Identifier: {name}\n  Type:   {kind}\n"
        f"  Detail: {detail}\n\nHint: The Certificate Authority failed to download the temporary challenge files.\n\n"
        "Saving debug log to /x/letsencrypt.log\nSome challenges have failed.\n"
    )


OVER_HTTP = [
    ("dns", "DNS problem: NXDOMAIN looking up A for paste.test - check that a DNS record exists", "name_unknown"),
    ("dns", "no valid A records found for paste.test; no valid AAAA records found for paste.test", "name_unknown"),
    ("connection", "192.0.2.1: Fetching http://paste.test/x: Timeout during connect (likely firewall)", "port_closed"),
    ("connection", "192.0.2.1: Fetching http://paste.test/x: Connection refused", "port_closed"),
    ("unauthorized", "192.0.2.1: Invalid response from http://paste.test/x: 404", "wrong_server"),
    ("caa", "CAA record for paste.test prevents issuance", "caa"),
    ("rateLimited", "too many failed authorizations recently", "rate_limit"),
]


@pytest.mark.parametrize(("kind", "detail", "code"), OVER_HTTP)
def test_a_name_that_could_not_be_proven_over_http(https: Settings, kind: str, detail: str, code: str) -> None:
    error = messages.explain(challenge(kind, detail), https.CERTIFICATE)

    assert error.code == code
    assert detail in error.detail
    assert "paste.test" in error.summary + error.advice or code == "rate_limit"


@pytest.mark.parametrize(
    ("kind", "detail"), [("dns", "DNS problem: NXDOMAIN looking up TXT"), ("unauthorized", "wrong")]
)
def test_a_name_that_could_not_be_proven_over_dns(https: Settings, kind: str, detail: str) -> None:
    config = replace(https.CERTIFICATE, dns_server="192.0.2.53")

    error = messages.explain(challenge(kind, detail, "*.paste.test"), config)

    assert error.code == "wrong_record"
    assert "_acme-challenge.paste.test" in error.summary
    assert "192.0.2.53" in error.advice


OTHERS = [
    ("urn:ietf:params:acme:error:rateLimited :: too many certificates (5) already issued", "rate_limit"),
    (
        'urn:ietf:params:acme:error:rejectedIdentifier :: Cannot issue for "paste.local": no public suffix',
        "name_refused",
    ),
    ("Error creating new account :: contact email has forbidden domain example.com", "account"),
    ("urn:ietf:params:acme:error:badPublicKey :: key is blocked", "key_refused"),
    ("urn:ietf:params:acme:error:caa :: CAA record prevents issuance", "caa"),
    ("Encountered error adding TXT record: The peer didn't like the signature we sent", "tsig_key"),
    ("Encountered error adding TXT record: The peer didn't know the key we used", "tsig_key"),
    ("Encountered error adding TXT record: The peer didn't like the time we sent", "tsig_time"),
    ("Received response from server: REFUSED", "dns_refused"),
    ("Unable to determine base domain for _acme-challenge.paste.test using names: ['test']", "dns_zone"),
    ("Encountered error when making query: The DNS operation timed out.", "dns_unreachable"),
    (
        "requests.exceptions.SSLError: HTTPSConnectionPool(host='ca'): CERTIFICATE_VERIFY_FAILED",
        "authority_certificate",
    ),
    ("requests.exceptions.ConnectionError: HTTPSConnectionPool(host='ca'): refused", "authority_unreachable"),
    ("urn:ietf:params:acme:error:serverInternal :: The service is down for maintenance", "authority_unreachable"),
    ("acme.errors.ClientError: <Response [404]>", "not_acme"),
    ("Another instance of Certbot is already running.", "busy"),
    ("OSError: [Errno 28] No space left on device: '/x'", "disk"),
    ("Something that certbot never said before", "unexpected"),
]


@pytest.mark.parametrize(("line", "code"), OTHERS, ids=[f"{code}-{number}" for number, (_, code) in enumerate(OTHERS)])
def test_every_other_failure(https: Settings, line: str, code: str) -> None:
    output = f"Saving debug log to /x\nAn unexpected error occurred:\n{line}\nAsk for help or search for solutions at\n"

    error = messages.explain(output, https.CERTIFICATE)

    assert (error.code, error.detail) == (code, line)
    assert "{" not in error.summary + error.advice.replace("{ grant", "")


def test_the_time_that_the_authority_names_is_waited_for(https: Settings) -> None:
    later = datetime.now(UTC) + timedelta(hours=30)
    output = f"error:rateLimited :: too many certificates, retry after {later:%Y-%m-%d %H:%M:%S} UTC: see https://x"

    error = messages.explain(output, https.CERTIFICATE)

    assert 29 * 3600 < error.retry_seconds <= 30 * 3600


def test_the_message_is_one_line_without_control_characters(https: Settings) -> None:
    error = messages.explain("first\n\x1b[31msecond\u202e\n" + "x" * 5_000, https.CERTIFICATE)

    assert "\n" not in error.detail
    assert "\x1b" not in error.detail
    assert len(error.detail) <= 1_000


def test_every_kind_says_what_to_do() -> None:
    assert all(
        kind.summary.endswith((".", "{authority}")) and kind.advice.endswith((".", ";")) for kind in KINDS.values()
    )
