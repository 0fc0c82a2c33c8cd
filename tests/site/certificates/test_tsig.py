"""The file with the key for updates of the name server."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from pasteur_site.certificates import checks, tsig

GOOD = 'key "pasteur" {\n\talgorithm hmac-sha256;\n\tsecret "c2VjcmV0LWdlaGVpbQ==";\n};\n'


def test_the_output_of_tsig_keygen_is_read(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"# made by hand\n// twice\n{GOOD}")

    key = tsig.read(file)

    assert (key.name, key.algorithm, key.secret) == ("pasteur", "hmac-sha256", "c2VjcmV0LWdlaGVpbQ==")
    assert "c2Vj" not in repr(key)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no key"),
        ("c2VjcmV0LWdlaGVpbQ==", "no key"),
        (GOOD + GOOD, "several keys"),
        (GOOD.replace("algorithm hmac-sha256;", ""), "no algorithm"),
        (GOOD.replace("sha256", "sha3"), "unknown algorithm"),
        (GOOD.replace("bQ==", "bQ="), "not Base64"),
    ],
)
def test_any_other_content_is_refused_without_repeating_it(
    https: Settings, tmp_path: Path, content: str, reason: str
) -> None:
    file = tmp_path / "key"
    file.write_text(content)

    with pytest.raises(ValueError, match=reason) as caught:
        tsig.read(file)

    assert "c2Vj" not in str(caught.value)


def test_a_check_names_a_key_that_is_missing_or_open_to_all(https: Settings, tmp_path: Path) -> None:
    file = tmp_path / "key"
    set_key_file(https, file)

    (missing,) = checks.check_tsig_key()
    file.write_text(GOOD)
    file.chmod(0o644)
    (is_open,) = checks.check_tsig_key()
    file.chmod(0o640)

    assert "No such file" in missing.msg
    assert (is_open.id, is_open.hint) == ("pasteur_site.E003", f"Run: chmod o= {file}")
    assert checks.check_tsig_key() == []
    assert not [message for message in run_checks() if message.id == "pasteur_site.E003"]


def set_key_file(settings: Settings, file: Path) -> None:
    """Name the file in the settings."""
    settings.CERTIFICATE = replace(settings.CERTIFICATE, dns_server="127.0.0.1", dns_key_file=file)


def test_a_check_names_an_authority_file_without_a_certificate(https: Settings, tmp_path: Path) -> None:
    file = tmp_path / "root.pem"
    https.CERTIFICATE = replace(https.CERTIFICATE, ca_file=file)

    (missing,) = checks.check_ca_file()
    file.write_text("nothing")
    (empty,) = checks.check_ca_file()

    assert (missing.id, empty.id) == ("pasteur_site.E004", "pasteur_site.E004")
    assert "No such file" in missing.msg
    assert "no certificate in PEM format" in empty.msg
