"""Runs certbot, which speaks to the authority.

certbot gets a request (CSR) for a key of ours, so that neither its own files nor its own schedule matter: a changed
setting takes effect with the next run. No secret is on its command line.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from pasteur_site.certificates import account, served, tsig
from pasteur_site.certificates.errors import CertificateError
from pasteur_site.certificates.messages import explain
from pasteur_site.configuration.https import DIRECTORIES

_SECONDS = 900.0
#: certbot itself waits for minutes for a name server that does not answer.
_CONNECT_SECONDS = 5.0
_START = [sys.executable, "-P", "-c", "import sys; from certbot.main import main; sys.exit(main())"]
#: The reasons of RFC 5280 that authorities accept.
REASONS = ("unspecified", "keycompromise", "affiliationchanged", "superseded", "cessationofoperation")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")


def config_folder() -> Path:
    """Return the folder in which certbot keeps its accounts."""
    return served.folder() / "certbot"


def webroot() -> Path:
    """Return the folder with `.well-known/acme-challenge`, whose files the web server hands to the authority."""
    return served.folder() / "webroot"


def obtain(key: ec.EllipticCurvePrivateKey, *, is_test: bool = False) -> bytes:
    """Return the chain of a new certificate for `key` as PEM, the site's own first; b"" for a test.

    A test of Let's Encrypt goes to its staging environment. Raises CertificateError.
    """
    # Files of an interrupted run would prevent the next one, and the request is not needed afterwards.
    files = {name: served.folder() / f"{name}.pem" for name in ("request", "certificate", "issuers", "chain")}
    try:
        _delete(files.values())
        served.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        files["request"].write_bytes(_request(key))
        arguments = ["certonly", "--csr", str(files["request"]), *_challenge()]
        arguments += ["--cert-path", str(files["certificate"]), "--chain-path", str(files["issuers"])]
        arguments += ["--fullchain-path", str(files["chain"])]
        if is_test:
            _run([*arguments, "--dry-run"], is_staging=settings.CERTIFICATE.directory == DIRECTORIES["production"])
            return b""
        _run(arguments)
        return files["chain"].read_bytes()
    except OSError as error:
        raise CertificateError("disk", str(error)) from None
    finally:
        _delete([*files.values(), _credentials_file()])


def revoke(reason: str) -> None:
    """Revoke the certificate in use with its own key. Raises CertificateError."""
    certificate = served.read()
    if certificate is None or certificate.is_placeholder:
        raise CertificateError("no_certificate")
    key_file, file = served.folder() / "key.pem", served.folder() / "revoked.pem"
    try:
        content = served.file().read_bytes()
        for path, part in [(key_file, content.removesuffix(certificate.chain)), (file, certificate.chain)]:
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(part)
        _run(
            [
                "revoke",
                "--cert-path",
                str(file),
                "--key-path",
                str(key_file),
                "--reason",
                reason,
                "--no-delete-after-revoke",
            ]
        )
    except OSError as error:
        raise CertificateError("disk", str(error)) from None
    finally:
        _delete([key_file, file])


def _run(arguments: Sequence[str], *, is_staging: bool = False) -> None:
    """Run certbot; try once more with a new account if the authority does not know the stored one."""
    output = _start(arguments, is_staging=is_staging)
    if re.search(r"error:accountDoesNotExist|Account \S+ not found", output):
        account.forget(config_folder(), settings.CERTIFICATE)
        output = _start(arguments, is_staging=is_staging)
    if output:
        raise explain(output, settings.CERTIFICATE)


def _start(arguments: Sequence[str], *, is_staging: bool) -> str:
    """Return what certbot has written if it failed; the empty string if it succeeded."""
    config = settings.CERTIFICATE
    folder = served.folder()
    command = [*_START, *arguments, "--non-interactive", "--agree-tos", "--server", config.directory]
    command += ["--config-dir", str(config_folder()), "--work-dir", str(folder / "work")]
    command += ["--logs-dir", str(folder / "logs"), "--max-log-backups", "10"]
    command += ["--email", config.email, "--no-eff-email"] if config.email else ["--register-unsafely-without-email"]
    if config.account_seed and arguments[0] == "certonly" and not is_staging:
        command += ["--account", account.ensure(config_folder(), config)]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            env=_environment(),
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise CertificateError("timeout", str(error.output or "")) from None
    return (done.stdout or f"exit status {done.returncode}") if done.returncode else ""


def _environment() -> dict[str, str]:
    """Return certbot's environment: none of our secrets, but the proxy that leads to the authority."""
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(served.folder())}
    environment |= {name: value for name, value in os.environ.items() if name.lower() in _PROXIES}
    if ca_file := settings.CERTIFICATE.ca_file:
        environment["REQUESTS_CA_BUNDLE"] = str(ca_file)
    return environment


def _request(key: ec.EllipticCurvePrivateKey) -> bytes:
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in settings.CERTIFICATE.names])
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return request.add_extension(names, critical=False).sign(key, SHA256()).public_bytes(Encoding.PEM)


def _challenge() -> list[str]:
    """Return the options for the way in which the names are proven; for DNS, write the TSIG key for certbot."""
    config = settings.CERTIFICATE
    if not config.dns_server or config.dns_key_file is None:
        webroot().mkdir(parents=True, exist_ok=True)
        return ["--webroot", "--webroot-path", str(webroot())]
    try:
        key = tsig.read(config.dns_key_file)
        with socket.create_connection((config.dns_server, config.dns_port), _CONNECT_SECONDS) as probe:
            address = probe.getpeername()[0]  # The plugin takes no name.
    except ValueError as error:
        raise CertificateError("settings", f"{config.dns_key_file} {error}") from None
    except OSError as error:
        raise CertificateError("dns_unreachable", str(error), server=config.dns_server) from None
    values = {"server": address, "port": config.dns_port, "name": key.name, "secret": key.secret}
    values["algorithm"] = key.algorithm.upper()
    file = _credentials_file()
    file.touch(mode=0o600)
    file.write_text("".join(f"dns_rfc2136_{name} = {value}\n" for name, value in values.items()), encoding="ascii")
    seconds = str(config.dns_seconds)
    return ["--dns-rfc2136", "--dns-rfc2136-credentials", str(file), "--dns-rfc2136-propagation-seconds", seconds]


def _credentials_file() -> Path:
    return served.folder() / "tsig.ini"


def _delete(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
