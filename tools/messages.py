"""Collect translatable strings and update the catalogues in locale/.

`make messages` runs this as `python -m tools.messages`, which also lists untranslated strings. The domain `django` is
for templates and Python code, and `djangojs` is for scripts.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
LANGUAGES = ("de", "fr")
DOMAINS = ("django", "djangojs")
_APPS = ("pastes", "gitsync", "pasteur_site")
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}

#: A call of one of these with its strings, in the form produced by Django's `templatize`.
_CALL = re.compile(r"""n?p?gettext\((?:[^()'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*\)""")


def main() -> int:
    """Update all catalogues. Return 1 if any string is untranslated."""
    missing = 0
    for language in LANGUAGES:
        for domain in DOMAINS:
            catalogue = updated(language, domain)
            catalogue_path(language, domain).write_bytes(as_po(catalogue))
            for message in untranslated(catalogue):
                print(f"{language}/{domain}: {message}")
                missing += 1
    return 1 if missing else 0


def catalogue_path(language: str, domain: str) -> Path:
    """Return the path of a catalogue."""
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def updated(language: str, domain: str) -> Catalog:
    """Return a catalogue that contains exactly the strings that are in the sources now."""
    path = catalogue_path(language, domain)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, domain=domain)
    catalogue.update(extracted(domain), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return catalogue


def extracted(domain: str) -> Catalog:
    """Return a catalogue with the untranslated strings from the sources."""
    catalogue = Catalog(domain=domain)
    for path in sources(domain):
        for _, message, comments, context in _messages(path):
            name = str(path.relative_to(ROOT))
            catalogue.add(message, locations=[(name, 1)], auto_comments=comments, context=context)
    return catalogue


def sources(domain: str) -> list[Path]:
    """Return the source files of a domain."""
    if domain == "djangojs":
        return sorted((ROOT / "static" / "js").rglob("*.js"))
    pages = [path for path in (ROOT / "templates").rglob("*.html") if "admin" not in path.parts]
    return sorted([*pages, *(path for app in _APPS for path in (ROOT / app).rglob("*.py"))])


def as_po(catalogue: Catalog) -> bytes:
    """Return the content of a catalogue file, without anything that would change on every run."""
    buffer = BytesIO()
    write_po(buffer, catalogue, width=120, omit_header=True, sort_by_file=True, include_lineno=False)
    plural = f"nplurals={catalogue.num_plurals}; plural={catalogue.plural_expr};"
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalogue.locale}\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {plural}\\n"\n\n'
    )
    return header.encode() + buffer.getvalue()


def untranslated(catalogue: Catalog) -> Iterator[str]:
    """Yield strings whose translation is missing or fuzzy."""
    for message in catalogue:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(texts)):
            yield message.id[0] if isinstance(message.id, tuple) else str(message.id)


def _messages(path: Path) -> Iterable[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".js":
        return _extract("javascript", text)
    return _extract("python", _as_python(text) if path.suffix == ".html" else text)


def _as_python(template: str) -> str:
    """Return the translation calls in a template as Python code, in the form that Django produces for xgettext."""
    return "\n".join(_CALL.findall(templatize(template)))


def _extract(method: str, text: str) -> Iterable[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    return extract(method, BytesIO(text.encode()), keywords=_KEYWORDS, comment_tags=("Translators:",))


if __name__ == "__main__":
    sys.exit(main())
