"""Everything that a page says is there in every language, with the same gaps to fill and the same markup."""

import re
from pathlib import Path

import polib
import pytest

from tools.messages import DOMAINS, LANGUAGES, ROOT, as_po, catalogue_path, sources, updated

TEMPLATES = [path for path in sources("django") if path.suffix == ".html"]
SCRIPTS = sources("djangojs")
CATALOGUES = [(language, domain) for language in LANGUAGES for domain in DOMAINS]


def gaps(text: str) -> list[str]:
    """Return what of a text is filled in or is markup."""
    return sorted(re.findall(r"%(?:\(\w+\))?[.\d]*[a-z]|</?\w+", text))


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_text_is_translated_and_confirmed(language: str, domain: str) -> None:
    entries = polib.pofile(str(catalogue_path(language, domain)))

    assert len(entries) > 50
    assert [entry.msgid for entry in entries if not all(translations(entry)) or "fuzzy" in entry.flags] == []


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_translation_has_the_gaps_and_the_markup_of_its_text(language: str, domain: str) -> None:
    for entry in polib.pofile(str(catalogue_path(language, domain))):
        for translated in translations(entry):
            assert gaps(translated) == gaps(entry.msgid_plural or entry.msgid)


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_the_catalogue_has_what_the_sources_say_and_nothing_else(language: str, domain: str) -> None:
    """`make messages` brings it up to date."""
    kept = catalogue_path(language, domain).read_text(encoding="utf-8")

    assert as_po(updated(language, domain)).decode() == kept


#: What of a template nobody reads: values of attributes that child templates fill, what is translated, code, tags.
UNREAD = (
    r"\{% block (root|kind) %\}.*?\{% endblock \1 %\}",
    r"\{% blocktranslate.*?endblocktranslate %\}",
    r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}",
    r"<(code|kbd)>.*?</\1>",
)


@pytest.mark.parametrize("template", TEMPLATES, ids=[str(path.relative_to(ROOT / "templates")) for path in TEMPLATES])
def test_no_template_has_words_that_are_not_to_be_translated(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    for unread in UNREAD:
        text = re.sub(unread, "", text, flags=re.DOTALL)
    attributes = " ".join(re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', text))

    assert re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^<>]*>", "", text) + attributes) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=[str(path.relative_to(ROOT / "static" / "js")) for path in SCRIPTS])
def test_no_script_says_anything_within_a_template_where_it_is_not_collected(script: Path) -> None:
    assert re.findall(r"\$\{[^}]*gettext\([^)]*\)", script.read_text(encoding="utf-8")) == []
