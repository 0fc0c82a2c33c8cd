"""The settings of HTTPS by the site itself: names of the certificate, its authority, and the proof of the names."""

import re
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pasteur_site.configuration import mail
from pasteur_site.configuration.environment import Environment

#: Let's Encrypt, and its staging environment with generous limits, which no browser trusts.
DIRECTORIES = {
    "production": "https://acme-v02.api.letsencrypt.org/directory",
    "staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
#: The largest number of names that Let's Encrypt puts into one certificate.
_MAX_NAMES = 100


@dataclass(frozen=True)
class CertificateSettings:
    """What PASTEUR_CERTIFICATE_… and PASTEUR_ACME_… say. With `dns_server`, names are proven by TXT records."""

    names: tuple[str, ...]
    directory: str
    email: str
    ca_file: Path | None
    account_seed: str
    seed: str
    dns_server: str
    dns_port: int
    dns_key_file: Path | None
    dns_seconds: int


def all_addresses() -> str:
    """Return the address to listen on for all addresses of this machine: of IPv6, too, if it has any."""
    return "::" if socket.has_dualstack_ipv6() else "0.0.0.0"  # noqa: S104  (a public site is meant)


def certificate(env: Environment, url: str, *, is_on: bool) -> CertificateSettings:
    """Return the settings of the certificate for the site at `url`, checked as a whole if HTTPS `is_on`."""
    directory = env.text("PASTEUR_ACME_DIRECTORY", "production")
    form = "production, staging or the https:// URL of an ACME directory"
    directory = env.url("PASTEUR_ACME_DIRECTORY", DIRECTORIES.get(directory, directory), schemes={"https"}, form=form)
    if urlsplit(directory).username or urlsplit(directory).password:
        env.reject("PASTEUR_ACME_DIRECTORY", "must be without a user and a password")
    host = urlsplit(url).hostname or ""
    settings = CertificateSettings(
        names=tuple(dict.fromkeys([host, *map(str.lower, env.words("PASTEUR_CERTIFICATE_NAMES"))])),
        directory=directory,
        email=next(iter(mail.addresses(env, "PASTEUR_ACME_EMAIL")), ""),
        ca_file=env.path("PASTEUR_ACME_CA_FILE"),
        account_seed=env.seed("PASTEUR_ACME_SEED"),
        seed=env.seed("PASTEUR_CERTIFICATE_SEED"),
        dns_server=env.text("PASTEUR_ACME_DNS_SERVER"),
        dns_port=env.integer("PASTEUR_ACME_DNS_PORT", 53, minimum=1, maximum=65535),
        dns_key_file=env.path("PASTEUR_ACME_DNS_KEY_FILE"),
        dns_seconds=env.integer("PASTEUR_ACME_DNS_SECONDS", 60, minimum=0, maximum=3600),
    )
    _check_dns(env, settings)
    if is_on:
        _check_names(env, url, settings.names, has_dns=bool(settings.dns_server))
    return settings


def _check_names(env: Environment, url: str, names: tuple[str, ...], *, has_dns: bool) -> None:
    if not url.startswith("https://"):
        env.reject("PASTEUR_HTTPS", "needs PASTEUR_URL with https:// and the name of this site")
        return
    if _is_address(names[0]) or names[0] == "localhost":
        env.reject("PASTEUR_HTTPS", "needs a name in PASTEUR_URL: no authority certifies this host")
        return
    for name in names:
        if not _NAME.fullmatch(name) or len(name) > 253 or (name != names[0] and _is_address(name)):
            env.reject("PASTEUR_CERTIFICATE_NAMES", f"must be host names, not {name[:50]!r}")
    if any(name.startswith("*.") for name in names) and not has_dns:
        env.reject("PASTEUR_CERTIFICATE_NAMES", "a wildcard is certified over DNS only: set PASTEUR_ACME_DNS_SERVER")
    if len(names) > _MAX_NAMES:
        env.reject("PASTEUR_CERTIFICATE_NAMES", f"a certificate has at most {_MAX_NAMES} names")


def _check_dns(env: Environment, settings: CertificateSettings) -> None:
    server, key_file = settings.dns_server, settings.dns_key_file
    if server and not (_NAME.fullmatch(server.lower()) or _is_address(server)):
        env.reject("PASTEUR_ACME_DNS_SERVER", f"must be an address or a host name, not {server[:50]!r}")
    if bool(server) != bool(key_file):
        missing, given = "PASTEUR_ACME_DNS_KEY_FILE", "PASTEUR_ACME_DNS_SERVER"
        missing, given = (missing, given) if server else (given, missing)
        env.reject(given, f"needs {missing} as well")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
