"""The account at the authority that follows from PASTEUR_ACME_SEED, stored where certbot looks for its accounts.

certbot creates accounts with random keys only. This registers the derived key, or finds the account that it has, and
writes the three files of an account in certbot's folder.
"""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from acme import client, errors, messages
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from josepy.jwa import ES256
from josepy.jwk import JWKEC
from josepy.util import ComparableECKey

from pasteur_site.certificates import keys
from pasteur_site.certificates.errors import CertificateError
from pasteur_site.certificates.messages import explain
from pasteur_site.configuration.https import CertificateSettings

_USER_AGENT = "pasteur"
_SECONDS = 30


def ensure(config_folder: Path, settings: CertificateSettings) -> str:
    """Return certbot's id of the seed's account, after registering it if necessary. Raises CertificateError."""
    key = keys.derive(settings.account_seed, keys.ACCOUNT)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    account_id = hashlib.md5(public, usedforsecurity=False).hexdigest()  # As certbot names its accounts.
    folder = _accounts(config_folder, settings) / account_id
    if (folder / "meta.json").exists():
        return account_id
    jwk = JWKEC(key=ComparableECKey(key))
    try:
        uri = _register(jwk, settings)
    except (errors.Error, messages.Error, requests.RequestException, ValueError) as error:
        raise explain(f"{type(error).__name__}: {error}", settings) from None
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    meta = {"creation_dt": now, "creation_host": "pasteur", "register_to_eff": None}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in [
            ("private_key.json", jwk.json_dumps()),
            ("regr.json", json.dumps({"body": {}, "uri": uri})),
            ("meta.json", json.dumps(meta)),
        ]:
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(content, encoding="ascii")
    except OSError as error:
        raise CertificateError("disk", str(error)) from None
    return account_id


def forget(config_folder: Path, settings: CertificateSettings) -> None:
    """Delete all accounts at the authority, which does not know them any more."""
    shutil.rmtree(_accounts(config_folder, settings), ignore_errors=True)


def _accounts(config_folder: Path, settings: CertificateSettings) -> Path:
    parts = urlsplit(settings.directory)
    return config_folder / "accounts" / parts.netloc / parts.path.strip("/")


def _register(jwk: JWKEC, settings: CertificateSettings) -> str:
    """Return the URI of the key's account, new or not."""
    net = client.ClientNetwork(jwk, alg=ES256, user_agent=_USER_AGENT, timeout=_SECONDS)
    if settings.ca_file:
        net.verify_ssl = str(settings.ca_file)  # type: ignore[assignment]  # requests takes a file as well.
    acme = client.ClientV2(client.ClientV2.get_directory(settings.directory, net), net)
    terms: dict[str, Any] = {"terms_of_service_agreed": True}
    try:
        account = acme.new_account(messages.NewRegistration.from_data(email=settings.email or None, **terms))
    except errors.ConflictError as error:
        return str(error.location)
    return str(account.uri)
