"""Everything that a page says is there in every language, with the same gaps to fill and the same markup."""

import re

import polib
import pytest

from tools.messages import DOMAINS, LANGUAGES, path_of

CATALOGUES = [(language, domain) for language in LANGUAGES for domain in DOMAINS]


def gaps(text: str) -> list[str]:
    """Return what of a text is filled in or is markup."""
    return sorted(re.findall(r"%(?:\(\w+\))?[.\d]*[a-z]|</?\w+", text))


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_text_is_translated_and_confirmed(language: str, domain: str) -> None:
    entries = polib.pofile(str(path_of(language, domain)))

    assert len(entries) > 50
    assert [entry.msgid for entry in entries if not all(translations(entry)) or "fuzzy" in entry.flags] == []


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_translation_has_the_gaps_and_the_markup_of_its_text(language: str, domain: str) -> None:
    for entry in polib.pofile(str(path_of(language, domain))):
        for translated in translations(entry):
            assert gaps(translated) == gaps(entry.msgid_plural or entry.msgid)
