"""A pasted credential is accepted and reported, but kept out of Git until a moderator decides."""

import random
import string
import time
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from gitsync.models import Change
from gitsync.monitoring import mirror_status
from gitsync.outbox import secret_patterns
from gitsync.sync.drain import drain
from gitsync.sync.resync import enqueue, look
from gitsync.sync.schedule import work_off
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests import many, repository

LETTERS = string.ascii_letters + string.digits
AWS = "AKIA" + "Q3EGUVWX7ZBD2PLM"
PEM = "-----BEGIN {}PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"


def random_characters(count: int, letters: str = LETTERS) -> str:
    """Return this many random characters."""
    return "".join(random.choice(letters) for _ in range(count))


#: Assembled here, so that no file in this repository contains anything that a scanner would block.
CREDENTIALS = {
    "AWS access key": AWS,
    "private key": PEM.format("RSA "),
    "GitHub token": "gh" + "p_" + random_characters(36),
    "GitLab token": "gl" + "pat-" + random_characters(20),
    "Slack token": "xo" + "xb-" + random_characters(12, string.digits) + "-" + random_characters(24),
    "Slack webhook": "https://hooks.slack" + ".com/services/T00000000/B00000000/" + random_characters(24),
    "Stripe key": "sk_" + "live_" + random_characters(24),
    "Google API key": "AI" + "za" + random_characters(35),
    "npm token": "np" + "m_" + random_characters(36),
    "PyPI token": "pypi-" + "AgEIcHlwaS5vcmc" + random_characters(60),
    "Anthropic key": "sk-" + "ant-api03-" + random_characters(90),
    "OpenAI key": "sk-" + "proj-" + random_characters(60),
    "SendGrid key": "S" + "G." + random_characters(22) + "." + random_characters(43),
    "age key": "AGE-SECRET" + "-KEY-1" + random_characters(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
}


@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize("around", ["{}", "key = '{}';\n", '{{"key": "{}"}}', "x\r\n{}\r\n"])
def test_a_credential_is_recognized_anywhere_in_a_text(kind: str, around: str) -> None:
    assert set(secret_patterns.find_secrets(around.format(CREDENTIALS[kind]).encode()).values()) == {kind}


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_private_keys_of_every_kind_are_recognized(kind: str) -> None:
    assert secret_patterns.find_secrets(PEM.format(kind).encode())
    assert secret_patterns.find_secrets(PEM.format(kind).replace("\n", "\\n").encode())


@pytest.mark.parametrize(
    "text",
    [
        "password = 'correct horse battery staple'",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "AKIA" + "SHORT",
        "TAKIA" + "Q3EGUVWX7ZBD2PLM",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n",
        "-----BEGIN CERTIFICATE-----\nMIIB\n",
        "grep -r 'BEGIN RSA PRIVATE KEY' .",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ",
        "gh" + "p_ is what GitHub puts in front",
        "d0c5c9c4a1c24b7e8f7e5a1b3c9d0e2f4a6b8c0d",
        "np" + "m_config_registry=https://registry.npmjs.org/",
        "SG." + "example",
    ],
)
def test_text_that_resembles_a_credential_does_not_match(text: str) -> None:
    assert secret_patterns.find_secrets(text.encode()) == {}


@pytest.mark.alone
@pytest.mark.parametrize(
    "piece",
    [
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN A B C D ",
        "PRIVATE KEY",
        "xo" + "xb-123456-",
        "sk-" + "proj-",
        "sk-" + "ant-",
        "AKIA" + "A",
        "S" + "G.aaaaaaaaaaaaaaaaaaaaaa.",
        "gh" + "p_a",
        "sk_" + "live_",
        "pypi-" + "AgEIcHlwaS5vcmc",
    ],
)
def test_the_search_takes_linear_time_on_hostile_input(piece: str) -> None:
    text = (piece * (524_288 // len(piece))).encode()
    started = time.perf_counter()

    secret_patterns.find_secrets(text)

    assert time.perf_counter() - started < 2


@pytest.fixture
def aws_paste(remote: Path) -> str:
    """Publish a paste with a credential, between two others, and drain; return its key."""
    many.publish(1)
    key = writing.publish(Draft([NewFile(f"id = {AWS}\n", "config.ini")])).key
    many.publish(1)
    work_off()
    return key


mirrored = pytest.mark.django_db(transaction=True)


@mirrored
@pytest.mark.database
def test_a_credential_stays_out_of_git_and_other_pastes_are_mirrored(
    remote: Path, aws_paste: str, client: Client
) -> None:
    assert len(repository.changes(remote)) == 2
    assert AWS.encode() not in b"".join(repository.files(remote).values())
    assert not Change.objects.pending().exists()
    assert client.get(f"/{aws_paste}/raw").content == f"id = {AWS}\n".encode()
    page = client.get(f"/{aws_paste}", headers={"Accept": "text/html"}).content.decode()
    assert "Held back from Git" in page
    assert client.get(f"/api/v1/pastes/{aws_paste}/mirror").json()["state"] == "held"
    found = look()
    assert (found.is_clean, found.on_secret_hold) == (True, [aws_paste])
    assert mirror_status.queue().on_secret_hold == 1
    enqueue()
    assert not Change.objects.pending().exists()


@mirrored
def test_the_credential_itself_is_neither_stored_nor_logged(
    remote: Path, aws_paste: str, caplog: pytest.LogCaptureFixture
) -> None:
    (change,) = Change.objects.on_secret_hold()

    assert change.secrets.endswith(" AWS access key")
    assert AWS not in change.secrets
    words = "".join(record.getMessage() for record in caplog.get_records("setup"))
    assert "AWS access key" in words
    assert AWS not in words


@mirrored
@pytest.mark.parametrize("where", ["title", "comment"])
def test_a_credential_in_the_title_or_the_comment_is_also_held(remote: Path, where: str) -> None:
    draft = Draft([NewFile("x", "x.txt")], title=AWS) if where == "title" else Draft([NewFile("x", "x")], comment=AWS)
    writing.publish(draft)

    work_off()

    assert Change.objects.on_secret_hold().count() == 1


@mirrored
def test_an_edit_without_the_credential_is_mirrored_without_the_first_revision(remote: Path, aws_paste: str) -> None:
    paste = Paste.objects.get(key=aws_paste)
    writing.revise(paste, [NewFile("id = from the environment\n", "config.ini")])

    work_off()

    assert repository.text(remote, aws_paste, "config.ini") == b"id = from the environment\n"
    assert AWS.encode() not in repository.git(remote, "log", "-p", "--all")
    assert (look().is_clean, look().on_secret_hold) == (True, [])


@mirrored
def test_a_mirrored_paste_is_not_updated_if_an_edit_adds_a_credential(remote: Path) -> None:
    paste = writing.publish(Draft([NewFile("x\n", "x.txt")]))
    drain()
    writing.revise(paste, [NewFile(AWS, "x.txt")])

    work_off()

    assert repository.text(remote, paste, "x.txt") == b"x\n"
    assert (look().is_clean, look().on_secret_hold) == (True, [paste.key])
    enqueue()
    assert not Change.objects.pending().exists()


@mirrored
def test_hiding_the_paste_ends_its_hold(remote: Path, aws_paste: str) -> None:
    writing.hide(Paste.objects.get(key=aws_paste))
    work_off()

    assert not Change.objects.on_secret_hold().exists()
    assert look().is_clean
    writing.show(Paste.objects.get(key=aws_paste))
    work_off()
    assert [change.key for change in Change.objects.on_secret_hold()] == [aws_paste]


@mirrored
def test_only_the_released_credential_passes(remote: Path, aws_paste: str, admin_client: Client) -> None:
    (change,) = Change.objects.on_secret_hold()
    listing = admin_client.get("/admin/gitsync/change/?pending=withheld").content.decode()
    assert "AWS access key" in listing
    assert change.name in listing

    chosen = {"action": "release", "_selected_action": [change.pk]}
    admin_client.post("/admin/gitsync/change/", chosen)
    work_off()

    assert repository.text(remote, aws_paste, "config.ini") == f"id = {AWS}\n".encode()
    paste = Paste.objects.get(key=aws_paste)
    writing.revise(paste, [NewFile(f"again {AWS}\n", "config.ini")])
    work_off()
    assert repository.text(remote, aws_paste, "config.ini") == f"again {AWS}\n".encode()
    writing.revise(paste, [NewFile(f"{AWS}\n{CREDENTIALS['npm token']}\n", "config.ini")])
    work_off()
    assert Change.objects.on_secret_hold().count() == 1
    assert look().on_secret_hold == [aws_paste]


@mirrored
def test_releasing_requires_permission_to_change(remote: Path, aws_paste: str, client: Client) -> None:
    user = User.objects.create_user("looker", password="looker", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_change"))
    client.force_login(user)
    (change,) = Change.objects.on_secret_hold()

    client.post("/admin/gitsync/change/", {"action": "release", "_selected_action": [change.pk]})

    assert Change.objects.on_secret_hold().count() == 1


@mirrored
def test_the_search_can_be_turned_off(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_HOLD_SECRETS = False
    key = writing.publish(Draft([NewFile(AWS, "x.txt")])).key

    work_off()

    assert repository.text(remote, key, "x.txt") == AWS.encode()
