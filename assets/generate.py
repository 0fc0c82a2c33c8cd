"""Generate the files in static/generated/ that browsers load, from sources that are not served themselves.

`make` runs this as `python -m assets.generate`. It only needs the site's own requirements. The files are:

- `pasteur.css`: the stylesheets from static/css/ in a single file, which saves requests;
- `messages/<language>.js`: the translations for scripts (those for Python are compiled to .mo files in locale/);
- `languages.js`, `constants.js` and `credentials.js`: tables and limits shared by Python and JavaScript.
"""

import json
import re
from pathlib import Path

import polib

from gitsync.outbox import secret_patterns
from pastes.rules import display, languages

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
STYLES = ROOT / "static" / "css"
GENERATED = ROOT / "static" / "generated"

#: The stylesheets in cascade order: a later rule takes precedence over an earlier one with the same specificity.
STYLESHEETS = (
    "tokens",
    "base",
    "header_and_footer",
    "text",
    "paste_header",
    "created",
    "file",
    "code_colours",
    "markdown",
    "forms",
    "buttons",
    "compose",
    "revisions",
    "lists",
    "dialogs",
    "writing_direction",
    "embedded",
    "print",
)
_CSS_TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/)|(?P<string>"[^"]*")|(?P<space>\s+)|(?P<rest>[^\s"/]+|/)""", re.DOTALL
)


def main() -> None:
    """Generate all files."""
    (GENERATED / "messages").mkdir(parents=True, exist_ok=True)
    for folder in sorted(path.parent for path in LOCALE.glob("*/LC_MESSAGES/django.po")):
        polib.pofile(str(folder / "django.po")).save_as_mofile(str(folder / "django.mo"))
        _write(f"messages/{folder.parent.name}.js", messages(folder / "djangojs.po"))
    _write("pasteur.css", stylesheet())
    _write("languages.js", language_tables())
    _write("constants.js", constants())
    _write("credentials.js", credentials())


def messages(catalogue: Path) -> str:
    """Return a script that passes the translations in a catalogue to static/js/page/messages.js."""
    translations = {}
    for entry in polib.pofile(str(catalogue)):
        forms = [entry.msgstr_plural[number] for number in sorted(entry.msgstr_plural)]
        if forms if entry.msgid_plural else entry.msgstr:
            translations[entry.msgid] = forms if entry.msgid_plural else entry.msgstr
    return f"globalThis.messages = {json.dumps(translations, ensure_ascii=False, sort_keys=True, indent=1)};\n"


def stylesheet() -> str:
    """Return the combined stylesheets without comments and unnecessary whitespace."""
    return "".join(compact((STYLES / f"{name}.css").read_text(encoding="utf-8")) + "\n" for name in STYLESHEETS)


def compact(css: str) -> str:
    """Return a stylesheet as a single line, leaving strings unchanged."""
    parts: list[str] = []
    for token in _CSS_TOKEN.finditer(css):
        if token["comment"]:
            continue
        if not token["space"]:
            parts.append(token[0])
        elif parts and parts[-1] != " ":
            parts.append(" ")
    strings = [part for part in parts if part.startswith('"')]
    joined = "".join('""' if part.startswith('"') else part for part in parts).strip()
    joined = re.sub(r" ?([{};,]) ?", r"\1", joined).replace(";}", "}")
    return re.sub('""', lambda _: strings.pop(0), joined)


def language_tables() -> str:
    """Return the language tables. Imports are written out in full so that each is replaced by its hashed name."""
    table = languages.LANGUAGES
    names = [name for name in table if name != languages.PLAIN.name]
    loaders = "".join(f'  "{name}": () => import("../vendor/highlight/languages/{name}.js"),\n' for name in names)
    labels = "".join(f'  "{name}": "{language.label}",\n' for name, language in table.items())
    extensions = "".join(f'  "{name}": "{" ".join(language.extensions)}",\n' for name, language in table.items())
    tables = {"loaders": loaders, "labels": labels, "extensions": extensions}
    return "".join(f"export const {name} = {{\n{rows}}};\n" for name, rows in tables.items())


def constants() -> str:
    """Return the module with the constants that both sides share. They are documented in the Python code."""
    values = {
        "PLAIN": languages.PLAIN.name,
        "MARKDOWN": languages.MARKDOWN.name,
        "BLOCK_LINES": display.BLOCK_LINES,
        "DEFAULT_NAME": f"{display.DEFAULT_STEM}.{languages.PLAIN.extensions[0]}",
    }
    patterns = {
        "UNNAMED": f"/^{display.DEFAULT_STEM}(?:-\\d+)?\\.{languages.PLAIN.extensions[0]}$/",
        "UNSHOWABLE": f"/{_character_class(display.UNSHOWABLE_RANGES)}/gu",
        "HIDING": f"/{_character_class(display.HIDING_RANGES)}|(?<!^)\\ufeff/u",
    }
    lines = [f"export const {name} = {json.dumps(value)};\n" for name, value in values.items()]
    return "".join([*lines, *(f"export const {name} = {pattern};\n" for name, pattern in patterns.items())])


def credentials() -> str:
    """Return the module with the patterns of credentials: kind, the prefixes that occur in each, and the pattern."""
    kinds = [
        [kind.name, [prefix.decode() for prefix in kind.prefixes], kind.pattern.pattern.decode()]
        for kind in secret_patterns.KINDS
    ]
    values = {"KINDS": kinds, "EXAMPLE": secret_patterns.EXAMPLE.decode()}
    return "".join(f"export const {name} = {json.dumps(value)};\n" for name, value in values.items())


def _character_class(ranges: tuple[tuple[int, int], ...]) -> str:
    return "[" + "".join(f"\\u{{{first:x}}}-\\u{{{last:x}}}" for first, last in ranges) + "]"


def _write(name: str, text: str) -> None:
    (GENERATED / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
