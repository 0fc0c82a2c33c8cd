"""All text on pages is available in every language, with the same placeholders and markup."""

import re
from pathlib import Path

import polib
import pytest

from tools.messages import DOMAINS, LANGUAGES, ROOT, as_po, catalogue_path, sources, updated

TEMPLATES = [path for path in sources("django") if path.suffix == ".html"]
SCRIPTS = sources("djangojs")
CATALOGUES = [(language, domain) for language in LANGUAGES for domain in DOMAINS]


def placeholders(text: str) -> list[str]:
    """Return the placeholders and markup in a text."""
    return sorted(re.findall(r"%(?:\(\w+\))?[.\d]*[a-z]|</?\w+", text))


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_text_is_translated_and_confirmed(language: str, domain: str) -> None:
    entries = polib.pofile(str(catalogue_path(language, domain)))

    assert len(entries) > 50
    assert [entry.msgid for entry in entries if not all(translations(entry)) or "fuzzy" in entry.flags] == []


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_translation_has_the_placeholders_and_markup_of_its_text(language: str, domain: str) -> None:
    for entry in polib.pofile(str(catalogue_path(language, domain))):
        for translated in translations(entry):
            assert placeholders(translated) == placeholders(entry.msgid_plural or entry.msgid)


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_the_catalogue_matches_the_sources(language: str, domain: str) -> None:
    """`make messages` brings it up to date."""
    kept = catalogue_path(language, domain).read_text(encoding="utf-8")

    assert as_po(updated(language, domain)).decode() == kept


#: Parts of templates that visitors cannot read: attribute values filled by child templates, translations, code, tags.
UNREAD = (
    r"\{% block (root|kind) %\}.*?\{% endblock \1 %\}",
    r"\{% blocktranslate.*?endblocktranslate %\}",
    r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}",
    r"<(code|kbd)>.*?</\1>",
)


@pytest.mark.parametrize("template", TEMPLATES, ids=[str(path.relative_to(ROOT / "templates")) for path in TEMPLATES])
def test_no_template_contains_untranslated_words(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    for unread in UNREAD:
        text = re.sub(unread, "", text, flags=re.DOTALL)
    attributes = " ".join(re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', text))

    assert re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^<>]*>", "", text) + attributes) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=[str(path.relative_to(ROOT / "static" / "js")) for path in SCRIPTS])
def test_no_script_contains_messages_inside_template_literals_where_they_are_not_collected(script: Path) -> None:
    assert re.findall(r"\$\{[^}]*gettext\([^)]*\)", script.read_text(encoding="utf-8")) == []
