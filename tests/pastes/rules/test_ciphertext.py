"""Encrypted pastes: the server checks only their format."""

import json
from typing import Any

import pytest
from django.test import Client

from pastes.models import Paste
from tests.pastes.api.client import create, refused
from tests.pastes.ciphertexts import adata, sealed
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    [
        sealed(),
        sealed(compression="none", mode="ctr", key=128, tag=64, formatter="markdown", discussion=1, burn=1),
        sealed(iterations=10_001),
        sealed()[:-1] + ',"password":true}',
        sealed()[:-1] + ',"password":false}',
        "00ff" * 20,
        "483b2ec4440d2cb046f4d576a194260d",
    ],
)
def test_both_formats_are_kept_byte_for_byte(client: Client, text: str) -> None:
    response = create(client, {"files": [{"content": text}], "encrypted": True})

    assert response.status_code == 201
    assert response.json()["encrypted"] is True
    paste = Paste.objects.get()
    assert (paste.encrypted, paste.files[0].content) == (True, text)


WRONG: dict[str, list[Any]] = {
    "v": [1, 3, "2", 2.0, True, None],
    "ct": ["", "not base64!", 5, None, "a"],
    "iv": ["", "a" * 28, "no!", None, 1],
    "salt": ["", "a" * 16, []],
    "iterations": [10_000, 0, -1, 10**12, "100000", 100_000.0, True],
    "key": [512, "256", 256.0, True, []],
    "tag": [32, 0],
    "algorithm": ["des", "", None, {}],
    "mode": ["ecb", "GCM"],
    "compression": ["gzip", ""],
    "formatter": ["html", 0, []],
    "discussion": [2, "0", True],
    "burn": [2, None],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in WRONG for value in WRONG[field]], ids=str)
def test_ciphertext_that_no_browser_can_decrypt_is_refused(client: Client, field: str, value: Any) -> None:
    with nothing_stored():
        response = create(client, {"files": [{"content": sealed(**{field: value})}], "encrypted": True})

    assert refused(response) == (422, "ciphertext", "content")


@pytest.mark.parametrize(
    "text",
    [
        "plain text",
        "00f",
        "00FF",
        "[]",
        "2",
        "{}",
        "[" * 50_000,
        json.dumps({"v": 2, "adata": adata(), "ct": "YWJj", "meta": {}}),
        json.dumps({"v": 2, "adata": adata()[:3], "ct": "YWJj"}),
        json.dumps({"v": 2, "adata": [adata()[0][:7], "plaintext", 0, 0], "ct": "YWJj"}),
        json.dumps({"v": 2, "adata": "x", "ct": "YWJj"}),
    ],
    ids=lambda text: text[:40],
)
def test_text_that_is_not_ciphertext_is_refused(client: Client, text: str) -> None:
    with nothing_stored():
        response = create(client, {"files": [{"content": text}], "encrypted": True})

    assert refused(response) == (422, "ciphertext", "content")


def test_an_encrypted_paste_is_one_file(client: Client) -> None:
    with nothing_stored():
        response = create(client, {"files": [{"content": sealed()}, {"content": sealed()}], "encrypted": True})

    assert refused(response) == (422, "ciphertext", "files")
