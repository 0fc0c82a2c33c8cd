"""Encrypted pastes as created and read by other programs: PrivateBin's version 2, and the original Pasteur's."""

import base64
import json
import zlib
from typing import Any

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
OLD_IV = bytes.fromhex("483b2ec4440d2cb046f4d576a194260d")


def base58(content: bytes) -> str:
    number, text = int.from_bytes(content, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = ALPHABET[rest] + text
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + text


def from_base58(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * 58 + ALPHABET.index(letter)
    return b"\0" * (len(text) - len(text.lstrip("1"))) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def as_privatebin(password: str) -> bytes:
    """Return a password as the pages of PrivateBin encode it: the low byte of each UTF-16 unit."""
    return password.encode("utf-16-le")[::2]


def _key(secret: bytes, password: str | bytes, salt: bytes, iterations: int) -> bytes:
    encoded = password.encode() if isinstance(password, str) else password
    return PBKDF2HMAC(hashes.SHA256(), 32, salt, iterations).derive(secret + encoded)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def seal(text: str, secret: bytes, password: str | bytes = "", *, zipped: bool = True, **more: object) -> str:
    """Return what a PrivateBin client would send for a text."""
    iv, salt = bytes(range(16)), b"saltsalt"
    cipher = [base64.b64encode(iv).decode(), base64.b64encode(salt).decode(), 100_000, 256, 128, "aes", "gcm"]
    adata: list[Any] = [[*cipher, "zlib" if zipped else "none"], "plaintext", 0, 0]
    plain = json.dumps({"paste": text, **more}).encode()
    if zipped:
        deflate = zlib.compressobj(wbits=-15)
        plain = deflate.compress(plain) + deflate.flush()
    sealed = AESGCM(_key(secret, password, salt, 100_000)).encrypt(iv, plain, _compact(adata).encode())
    return _compact({"v": 2, "adata": adata, "ct": base64.b64encode(sealed).decode()})


def unseal(text: str, key: str, password: str | bytes = "") -> dict[str, Any]:
    """Return what a PrivateBin client would read."""
    paste = json.loads(text)
    iv, salt, iterations = paste["adata"][0][:3]
    aes = AESGCM(_key(from_base58(key), password, base64.b64decode(salt), iterations))
    additional = _compact(paste["adata"]).encode()
    packed = aes.decrypt(base64.b64decode(iv), base64.b64decode(paste["ct"]), additional)
    opened: dict[str, Any] = json.loads(zlib.decompress(packed, wbits=-15))
    return opened


def seal_old(text: str, secret: bytes, iv: bytes | None) -> str:
    """Return what the original Pasteur's page would send: with its own IV, or without one in the older version."""
    pad = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(iv or OLD_IV)).encryptor()
    sealed = encryptor.update(pad.update(text.encode()) + pad.finalize()) + encryptor.finalize()
    return ((iv or b"") + sealed).hex()


def old_fragment(secret: bytes) -> str:
    """Return its key as it appeared in the address."""
    k = base64.urlsafe_b64encode(secret).decode().rstrip("=")
    jwk = {"alg": "A128CBC", "ext": True, "k": k, "key_ops": ["encrypt", "decrypt"], "kty": "oct"}
    return base64.b64encode(json.dumps(jwk).encode()).decode()
