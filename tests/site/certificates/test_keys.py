"""Keys from seeds are the same for ever, on every machine and in every version."""

from pasteur_site.certificates import keys

SEED = "0123456789abcdef" * 4


def test_a_seed_gives_the_key_that_it_always_gave() -> None:
    assert keys.pin(keys.derive(SEED, keys.CERTIFICATE).public_key()) == "7Z7klJWzPUEoE8vwyrer+J/UHdVd2CfkX4DaUMVbqT0="
    assert keys.pin(keys.derive(SEED, keys.ACCOUNT).public_key()) == "O89Mwv/bQd3s1gTPXtf8f9tM1ov9dGEzsOMOJA5eWAI="


def test_seeds_and_purposes_give_different_keys() -> None:
    pins = {keys.pin(keys.derive(seed, purpose).public_key()) for seed in (SEED, SEED[1:]) for purpose in (b"a", b"b")}

    assert len(pins) == 4


def test_new_keys_differ() -> None:
    assert keys.pem(keys.generate()) != keys.pem(keys.generate())
