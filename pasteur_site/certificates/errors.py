"""What can go wrong with a certificate: each kind has a code, a sentence, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of failure. {name} is a name of the site, {server} the name server, {authority} the ACME directory."""

    summary: str
    advice: str


KINDS = {
    "name_unknown": Kind(
        "The authority finds no address for {name}.",
        "Create an A or AAAA record for {name} with the public address of this machine. New records may take some"
        " minutes, and a name that was missing a moment ago may be remembered as missing.",
    ),
    "port_closed": Kind(
        "The authority cannot connect to {name} on port 80.",
        "Let port 80 of {name} reach PORT of this machine: look at the A and AAAA records, the firewall and the"
        " router. If port 80 has to stay closed, prove the name over DNS (PASTEUR_ACME_DNS_SERVER).",
    ),
    "wrong_server": Kind(
        "Another server answers for {name} on port 80, or a proxy on the way changes the answers.",
        "Compare the A and AAAA records of {name} with the addresses of this machine. A proxy must pass"
        " /.well-known/acme-challenge/ on unchanged.",
    ),
    "wrong_record": Kind(
        "The authority does not see the TXT record of _acme-challenge.{name}.",
        "Check that the zone is delegated to {server}. If other name servers copy it from there, give them more time"
        " with PASTEUR_ACME_DNS_SECONDS.",
    ),
    "rate_limit": Kind(
        "The authority refuses for now: there were too many requests or failures.",
        "Wait: the next try is after the time that the authority names. Use PASTEUR_ACME_DIRECTORY=staging or"
        " `manage.py certificate --dry-run` for experiments, and keep the data folder between starts.",
    ),
    "tsig_key": Kind(
        "The name server {server} does not accept the TSIG key.",
        "Compare name, algorithm and secret in PASTEUR_ACME_DNS_KEY_FILE with the key in the server's configuration.",
    ),
    "tsig_time": Kind(
        "The name server {server} refuses the time of the request.",
        "Set the clocks of both machines: TSIG allows a difference of five minutes.",
    ),
    "dns_refused": Kind(
        "The name server {server} accepts the TSIG key, but does not let it change _acme-challenge.{name}.",
        "Grant that to the key. For BIND: update-policy {{ grant KEY name _acme-challenge.{name}. TXT; }};",
    ),
    "dns_zone": Kind(
        "The name server {server} is not the primary server of a zone with {name}.",
        "Set PASTEUR_ACME_DNS_SERVER to the primary server of the zone.",
    ),
    "dns_unreachable": Kind(
        "The name server {server} does not answer.",
        "Check PASTEUR_ACME_DNS_SERVER and PASTEUR_ACME_DNS_PORT, and that the firewall lets DNS over TCP pass.",
    ),
    "caa": Kind(
        "A CAA record of {name}, or of a domain above it, does not allow this authority.",
        "Add the authority to the CAA record (letsencrypt.org for Let's Encrypt), or remove the record.",
    ),
    "name_refused": Kind(
        "The authority does not certify {name}.",
        "Read its message below. Use a public domain name of your own in PASTEUR_URL.",
    ),
    "account": Kind(
        "The authority does not accept the account.",
        "Read its message below, and check PASTEUR_ACME_EMAIL.",
    ),
    "key_refused": Kind(
        "The authority does not accept the key: it was revoked as compromised, or the same key has an account.",
        "Set a new PASTEUR_CERTIFICATE_SEED, different from PASTEUR_ACME_SEED.",
    ),
    "authority_certificate": Kind(
        "The certificate of the authority's own server is not trusted: {authority}",
        "For a private authority, set PASTEUR_ACME_CA_FILE to its root certificate. Otherwise the connection may be"
        " intercepted; check the clock as well.",
    ),
    "authority_unreachable": Kind(
        "The authority cannot be reached, or has a fault of its own: {authority}",
        "Check that this machine reaches it. No action is needed if the fault is there.",
    ),
    "not_acme": Kind(
        "There is no ACME directory at {authority}",
        "Check PASTEUR_ACME_DIRECTORY.",
    ),
    "not_running": Kind(
        "This site does not answer on its own port for the authority.",
        "Start the site (`manage.py run`) with the same settings, and look at its log.",
    ),
    "already_revoked": Kind(
        "The certificate has been revoked before.",
        "No action is needed: `manage.py certificate renew` gets a new one.",
    ),
    "no_certificate": Kind(
        "There is no certificate from an authority, only a placeholder.",
        "`manage.py certificate renew` gets one.",
    ),
    "settings": Kind(
        "The settings of the certificate are invalid.",
        "`manage.py check` gives the reason.",
    ),
    "disk": Kind("The certificate cannot be stored.", "Free space in PASTEUR_DATA_DIR, and check its owner."),
    "busy": Kind("Another process is getting the certificate.", "Try again in a few minutes."),
    "timeout": Kind("Certbot did not finish in time and was ended.", "No action is needed unless it happens again."),
    "unexpected": Kind(
        "Certbot failed in an unknown way.",
        "Read its message below, and the log that it names.",
    ),
}
#: The authority was not asked to prove a name, so that its limits do not count such a failure.
COSTS_NOTHING = {"authority_unreachable", "dns_unreachable", "not_running", "busy"}


class CertificateError(Exception):
    """A failure with a code of KINDS. `detail` is what the program or the authority said, in one line."""

    def __init__(self, code: str, detail: str = "", *, retry_seconds: float = 0.0, **names: str) -> None:
        values = {"name": "the site", "server": "", "authority": ""} | names
        self.code = code
        self.summary = KINDS[code].summary.format_map(values)
        self.advice = KINDS[code].advice.format_map(values)
        self.detail = re.sub(r"[^\x20-\x7e\xa0-\uffff]+", " ", detail).strip()[:1_000]
        self.retry_seconds = retry_seconds
        super().__init__(self.summary)
