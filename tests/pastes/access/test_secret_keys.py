"""SECRET_KEY belongs to the database, and can be replaced without losing the key of stored digests."""

import threading

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from pastes.access import secret_keys
from pastes.models import SecretKey

NEW = "a new secret key of this site, long enough"
FOREIGN = "the secret key of another site, long enough"
pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_the_first_key_becomes_the_sites_and_any_other_is_refused(settings: Settings) -> None:
    assert secret_keys.mismatch() == ""

    settings.SECRET_KEY = FOREIGN

    assert secret_keys.mismatch() == secret_keys.MISMATCH
    with pytest.raises(secret_keys.ForeignSecretKeyError):
        secret_keys.digest_key()


def test_digests_keep_their_key_when_the_former_key_is_a_fallback(settings: Settings) -> None:
    former, key = settings.SECRET_KEY, secret_keys.digest_key()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [former]

    assert secret_keys.digest_key() == key

    settings.SECRET_KEY_FALLBACKS = []
    assert secret_keys.digest_key() == key


def test_an_added_key_works_alongside_the_former_one_until_others_are_forgotten(settings: Settings) -> None:
    former, key = settings.SECRET_KEY, secret_keys.digest_key()
    secret_keys.add(NEW)
    secret_keys.add(NEW)
    assert secret_keys.digest_key() == key

    settings.SECRET_KEY = NEW
    assert secret_keys.digest_key() == key
    assert secret_keys.forget_others() == 1

    settings.SECRET_KEY = former
    assert secret_keys.mismatch()


def test_keys_can_be_rotated_again_after_old_ones_are_forgotten(settings: Settings) -> None:
    key = secret_keys.digest_key()
    for number in range(3):
        secret_keys.add(f"{NEW} {number}")
        settings.SECRET_KEY = f"{NEW} {number}"
        secret_keys.forget_others()

    assert secret_keys.digest_key() == key


def test_a_fallback_is_not_forgotten(settings: Settings) -> None:
    former = settings.SECRET_KEY
    secret_keys.digest_key()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [former]
    secret_keys.digest_key()

    assert secret_keys.forget_others() == 0


def test_a_lost_key_is_replaced_by_adopting_another(settings: Settings) -> None:
    key = secret_keys.digest_key()
    settings.SECRET_KEY = FOREIGN

    secret_keys.adopt()

    assert secret_keys.mismatch() == ""
    assert secret_keys.digest_key() != key


def test_the_database_contains_neither_secret_key_nor_digest_key(settings: Settings) -> None:
    key = secret_keys.digest_key()

    row = SecretKey.objects.get()

    stored = f"{row.fingerprint} {row.digest_key}"
    assert settings.SECRET_KEY not in stored
    assert key.hex() not in stored


@pytest.mark.django_db(transaction=True)
def test_if_processes_start_concurrently_with_different_keys_one_is_the_first() -> None:
    results: dict[str, bytes | None] = {}
    barrier = threading.Barrier(4)

    def start(secret: str) -> None:
        barrier.wait()
        try:
            results[secret] = secret_keys._open((secret,))
        except secret_keys.ForeignSecretKeyError:
            results[secret] = None
        finally:
            connection.close()

    threads = [threading.Thread(target=start, args=(f"{FOREIGN} {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([key for key in results.values() if key]) == 1
    assert SecretKey.objects.count() == 1
