"""The settings of HTTPS: what makes no sense is refused at start."""

from typing import Any

import pytest

from pasteur_site.configuration.environment import Environment, SettingsError
from pasteur_site.configuration.https import CertificateSettings, certificate


def read(url: str = "https://paste.test", **values: str) -> CertificateSettings:
    """Return the settings of the certificate; raise SettingsError for invalid ones."""
    env = Environment(values)
    settings = certificate(env, url, is_on=True)
    env.finish()
    return settings


def test_the_name_is_that_of_the_site_and_the_authority_is_lets_encrypt() -> None:
    settings = read()

    assert settings.names == ("paste.test",)
    assert settings.directory == "https://acme-v02.api.letsencrypt.org/directory"
    assert "staging" in read(PASTEUR_ACME_DIRECTORY="staging").directory
    assert read(PASTEUR_ACME_DIRECTORY="https://ca.test/dir").directory == "https://ca.test/dir"


DNS = {"PASTEUR_ACME_DNS_SERVER": "192.0.2.53", "PASTEUR_ACME_DNS_KEY_FILE": "/etc/key"}


def test_a_wildcard_is_possible_over_dns() -> None:
    settings = read(PASTEUR_CERTIFICATE_NAMES="*.Paste.test, paste.test", **DNS)

    assert settings.names == ("paste.test", "*.paste.test")


@pytest.mark.parametrize(
    ("url", "values", "problem"),
    [
        ("", {}, "PASTEUR_HTTPS: needs PASTEUR_URL"),
        ("http://paste.test", {}, "PASTEUR_HTTPS: needs PASTEUR_URL"),
        ("https://192.0.2.1", {}, "PASTEUR_HTTPS: needs a name"),
        ("https://[::1]", {}, "PASTEUR_HTTPS: needs a name"),
        ("https://localhost", {}, "PASTEUR_HTTPS: needs a name"),
        ("https://paste.test", {"PASTEUR_CERTIFICATE_NAMES": "*.paste.test"}, "over DNS only"),
        ("https://paste.test", {"PASTEUR_CERTIFICATE_NAMES": "--webroot"}, "must be host names"),
        ("https://paste.test", {"PASTEUR_CERTIFICATE_NAMES": "192.0.2.1"}, "must be host names"),
        ("https://paste.test", {"PASTEUR_CERTIFICATE_NAMES": "a.*.test", **DNS}, "must be host names"),
        (
            "https://paste.test",
            {"PASTEUR_ACME_DIRECTORY": "http://ca.test"},
            "PASTEUR_ACME_DIRECTORY: must be production",
        ),
        ("https://paste.test", {"PASTEUR_ACME_DIRECTORY": "https://u:geheim@ca.test/"}, "without a user"),
        ("https://paste.test", {"PASTEUR_ACME_EMAIL": "nobody"}, "PASTEUR_ACME_EMAIL: must be"),
        ("https://paste.test", {"PASTEUR_ACME_SEED": "geheim"}, "PASTEUR_ACME_SEED: must be at least 32"),
        ("https://paste.test", {"PASTEUR_CERTIFICATE_SEED": "geheim"}, "PASTEUR_CERTIFICATE_SEED: must be at least 32"),
        ("https://paste.test", {"PASTEUR_ACME_DNS_SERVER": "192.0.2.53"}, "needs PASTEUR_ACME_DNS_KEY_FILE"),
        ("https://paste.test", {"PASTEUR_ACME_DNS_KEY_FILE": "/etc/key"}, "needs PASTEUR_ACME_DNS_SERVER"),
        ("https://paste.test", DNS | {"PASTEUR_ACME_DNS_SERVER": "a b"}, "must be an address or a host name"),
        ("https://paste.test", DNS | {"PASTEUR_ACME_DNS_PORT": "0"}, "PASTEUR_ACME_DNS_PORT: must be"),
    ],
)
def test_nonsense_is_refused_without_the_value_of_a_secret(url: str, values: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(url, **values)

    assert problem in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
