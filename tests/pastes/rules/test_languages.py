"""The table of languages: it is consistent, and languages are recognized from file names and aliases."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pastes.models import File
from pastes.rules import languages
from pastes.rules.languages import LANGUAGES, PLAIN


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.name)
def test_every_name_and_alias_refers_to_one_language(language: languages.Language) -> None:
    for name in (language.name, *language.aliases):
        assert languages.named(name) is language
        assert languages.named(f" {name.upper()} ") is language
    assert len(language.name) <= (File._meta.get_field("language").max_length or 0)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.name)
def test_every_language_has_an_extension_for_files_without_a_name(language: languages.Language) -> None:
    assert languages.of_file(f"paste.{language.extensions[0]}") is language


def test_no_extension_or_name_is_used_by_two_languages() -> None:
    endings = [ending for language in LANGUAGES.values() for ending in language.extensions]
    names = [name for language in LANGUAGES.values() for name in {language.name, *language.aliases}]

    assert len(endings) == len(set(endings))
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.py", "python"),
        ("A.PY", "python"),
        ("archive.tar.js", "javascript"),
        ("Makefile", "makefile"),
        ("Dockerfile", "dockerfile"),
        ("folder.py/notes", "plaintext"),
        ("folder/hello.rs", "rust"),
        (".htaccess", "apache"),
        ("no ending", "plaintext"),
        ("ends.", "plaintext"),
        ("", "plaintext"),
        (".", "plaintext"),
        ("a.unknown", "plaintext"),
    ],
)
def test_the_language_is_determined_from_the_file_name(name: str, language: str) -> None:
    assert languages.of_file(name).name == language


@settings(deadline=None)
@given(st.text())
def test_any_file_name_has_a_language_and_any_word_has_one_or_none(text: str) -> None:
    assert languages.of_file(text).name in LANGUAGES
    assert languages.named(text) in {None, *LANGUAGES.values()}


def test_plain_text_is_offered_first_and_everything_once() -> None:
    names = [name for name, _ in languages.choices()]

    assert names[0] == PLAIN.name
    assert sorted(names) == sorted(LANGUAGES)
