"""The client's own cipher, compared with a known implementation, and its format."""

import ast
import json
import secrets
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.browser.encryption import reference_ciphers
from tests.client.program import FILE, loaded

client = loaded()


@pytest.mark.parametrize("key_bytes", [16, 24, 32])
@pytest.mark.parametrize("iv_bytes", [8, 12, 16, 61])
@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 1_000])
def test_random_vectors_agree_with_another_implementation(key_bytes: int, iv_bytes: int, length: int) -> None:
    key, iv, plain = (secrets.token_bytes(size) for size in (key_bytes, iv_bytes, length))
    additional = secrets.token_bytes(secrets.randbelow(40))

    sealed = client.Gcm(key).seal(iv, plain, additional)

    assert sealed == AESGCM(key).encrypt(iv, plain, additional)
    assert client.Gcm(key).open(iv, sealed, additional) == plain


def test_the_counter_wraps_as_defined_by_the_standard() -> None:
    key, plain = secrets.token_bytes(32), bytes(16 * 40)
    for _ in range(20):  # An IV that is not 12 bytes long starts the counter anywhere.
        iv = secrets.token_bytes(16)
        assert client.Gcm(key).seal(iv, plain, b"") == AESGCM(key).encrypt(iv, plain, b"")
    aes = client.Aes(key)
    cipher = client.Gcm(key)
    cipher._start = lambda _: 0xFFFFFFFE
    stream = cipher._counted(b"", bytes(48))
    assert [stream[at : at + 16] for at in (0, 16, 32)] == [
        aes.encrypt(count).to_bytes(16, "big") for count in (0xFFFFFFFF, 0, 1)
    ]


def test_decryption_fails_after_changing_one_bit() -> None:
    key, iv = secrets.token_bytes(32), secrets.token_bytes(16)
    sealed = client.Gcm(key).seal(iv, b"some plain text", b"more")

    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(ValueError, match="tag"):
            client.Gcm(key).open(iv, changed, b"more")
    with pytest.raises(ValueError, match="tag"):
        client.Gcm(key).open(iv, sealed, b"mory")


@pytest.mark.parametrize("password", ["", "pass wörd"])
def test_other_clients_decrypt_its_ciphertext(password: str) -> None:
    secret = secrets.token_bytes(32)
    files = [{"name": "a.py", "language": "python", "content": "x = '☃'\r\n"}, {"name": "", "content": "y"}]

    sealed = client.seal(files, secret, password, burns=True)

    encoded = reference_ciphers.as_privatebin(password)
    opened = reference_ciphers.unseal(sealed, reference_ciphers.base58(secret), encoded)
    assert opened == {"paste": "x = '☃'\r\n", "files": files}
    assert json.loads(sealed)["adata"][1:] == ["plaintext", 0, 1]


@pytest.mark.parametrize("encode", [str.encode, reference_ciphers.as_privatebin], ids=["UTF-8", "PrivateBin"])
@pytest.mark.parametrize("password", ["pass wörd", "пароль", "🔑"])
def test_this_one_opens_a_password_in_either_encoding(password: str, encode: Callable[[str], bytes]) -> None:
    secret = secrets.token_bytes(32)

    sealed = reference_ciphers.seal("text", secret, encode(password))

    assert client.unseal(sealed, secret, password)[0]["content"] == "text"
    with pytest.raises(ValueError, match="tag"):
        client.unseal(sealed, secret, password + "!")


@pytest.mark.parametrize("zipped", [True, False])
def test_it_decrypts_the_ciphertext_of_other_clients(zipped: bool) -> None:
    secret = bytes(2) + secrets.token_bytes(30)

    sealed = reference_ciphers.seal("text ☃", secret, "pw", zipped=zipped)

    assert client.unseal(sealed, secret, "pw") == [{"name": "", "language": "", "content": "text ☃"}]
    assert client.from_base58(reference_ciphers.base58(secret)) == secret
    assert client.base58(secret) == reference_ciphers.base58(secret)


def test_the_file_is_valid_in_python_3_8() -> None:
    ast.parse(FILE.read_text(), feature_version=(3, 8))
