"""Content is returned byte for byte, whatever the entry point: raw, through the API, as a download and in Git."""

from pathlib import Path

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitsync.sync.drain import drain
from pastes.models import File, Paste, blob_oid
from tests import repository
from tests.pastes import multipart
from tests.pastes.entry_points import ENTRY_POINTS, EntryPoint, entry_point_name, submit
from tests.pastes.multipart import Part

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PIECES = ["\r\n", "\r", "\n", "\t", "\ufeff", "\u2028", "\u0085", "\uffff", "\U0010fffd", "\x1b[2J", "\a", "\u202e"]
ANY_TEXT = (
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
        | st.sampled_from(PIECES),
        min_size=1,
        max_size=8,
    )
    .map("".join)
    .filter(str.strip)
)

TEXTS = {
    "12_byte_order_mark": "\ufefftext",
    "15_crlf": "one\r\ntwo\r\n",
    "15_lone_cr": "one\rtwo\r",
    "15_mixed": "one\r\ntwo\nthree\rfour",
    "15_no_final_newline": "one\ntwo",
    "15_space_around": "\n\n  text \t\n\n",
    "16_separators": "a\u2028b\u2029c\u0085d",
    "16_noncharacter": "a\uffffb\ufffe",
    "16_escapes_and_bell": "\x1b]0;title\a\x1b[31mred\x9b2J",
    "17_bidi_and_invisible": "if (admin\u202e \u2066// check\u2069\u200b)",
    "19_one_long_line": "x<" * 250_000,
    "19_many_empty_lines": "\n" * 500_000 + "x",
    "20_git_object": "blob 5\0hello".replace("\0", " ") + "\ncommit refs/heads/main\ndata 3\nD .\n",
    "20_patch": "From 0123 Mon Sep 17 00:00:00 2001\n---\n a | 1 +\n--- a/a\n+++ b/a\n@@ -0,0 +1 @@\n+x\n-- \n2.39\n",
    "20_key_and_mail": "-----BEGIN CERTIFICATE-----\nMIIB\nContent-Transfer-Encoding: base64\r\n\r\nFrom: a@b\n",
    "20_multipart": '--a-boundary\r\nContent-Disposition: form-data; name="paste"\r\n\r\nx\r\n--a-boundary--\r\n',
    "50_templates": "{{7*7}} {% debug %} %s %(x)d ${jndi:ldap://x} #{1+1} <%= 1 %> {{ request }}",
    "astral": "🐙 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧",
    "form_traps": "a=1&b=2&&&=%00%zz+\r\n",
    "replacement": "what was already lost: \ufffd",
}


@pytest.fixture(params=ENTRY_POINTS, ids=entry_point_name)
def entry_point(request: pytest.FixtureRequest) -> EntryPoint:
    """Return each entry point for text."""
    entry_point: EntryPoint = request.param
    return entry_point


def assert_comes_back(client: Client, key: str, sent: bytes) -> None:
    """Fail unless raw, API and download return exactly these bytes."""
    read = client.get(f"/api/v1/pastes/{key}").json()
    (file,) = read["files"]
    assert client.get(f"/{key}/raw").content == sent
    assert client.get(f"/{key}?raw").content == sent
    assert client.get(f"/{key}/raw/{file['name']}").content == sent
    assert client.get(f"/{key}/download/{file['name']}").content == sent
    assert file["content"].encode() == sent
    assert (file["size_bytes"], file["oid"]) == (len(sent), blob_oid(sent))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_is_returned_as_it_was_sent(client: Client, entry_point: EntryPoint, text: str) -> None:
    key = entry_point.key(entry_point.send(client, text.encode()))

    assert_comes_back(client, key, text.encode())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ANY_TEXT)
@example("\ufeff\r\n.")
def test_any_text_is_returned_as_it_was_sent(client: Client, entry_point: EntryPoint, text: str) -> None:
    key = entry_point.key(entry_point.send(client, text.encode()))

    assert_comes_back(client, key, text.encode())


@pytest.mark.parametrize("file_name", ["", "notes.txt"], ids=["as_our_script_sends_it", "uploaded"])
def test_text_sent_as_a_part_with_a_file_name_is_returned_as_it_was_sent(client: Client, file_name: str) -> None:
    text = "\ufeffone\r\ntwo\rthree\n\n"
    box = "files-0-upload" if file_name else "files-0-content"

    response = submit(client, Part(box, text.encode(), file_name=file_name, headers=["Content-Type: text/plain"]))

    assert_comes_back(client, str(response["Location"]).split("/")[1], text.encode())


def test_all_content_is_the_same_in_git(client: Client, remote: Path) -> None:
    sent = {}
    for entry_point in ENTRY_POINTS:
        for text in TEXTS.values():
            sent[entry_point.key(entry_point.send(client, text.encode()))] = text.encode()

    drain()

    for paste in Paste.objects.all():
        assert repository.text(remote, paste, paste.files[0].name) == sent[paste.key]
    assert {file.oid for file in File.objects.all()} == {blob_oid(content) for content in sent.values()}
    repository.assert_sound(remote)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=a-boundary-of-ours; charset=us-ascii",
        "multipart/form-data; charset=ASCII; boundary=a-boundary-of-ours",
    ],
)
def test_a_form_declared_as_ascii_loses_no_characters(client: Client, content_type: str) -> None:
    response = client.generic("POST", "/", multipart.body(Part("paste", "schön".encode())), content_type)

    assert_comes_back(client, response.json()["code"], "schön".encode())
