"""Turns the translations in locale/ into what the site reads: .mo files for Python, words/*.js for scripts.

Run as `python -m assets.catalogues`, which `make` does; it needs polib and nothing of the system. Nothing here is
needed once the site runs.
"""

import json
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
WORDS = ROOT / "static" / "words"


def main() -> None:
    """Make them all."""
    WORDS.mkdir(exist_ok=True)
    for folder in sorted(path.parent for path in LOCALE.glob("*/LC_MESSAGES/django.po")):
        polib.pofile(str(folder / "django.po")).save_as_mofile(str(folder / "django.mo"))
        (WORDS / f"{folder.parent.name}.js").write_text(_script(folder / "djangojs.po"), encoding="utf-8")


def _script(catalogue: Path) -> str:
    """Return a script that gives the words of a catalogue to static/js/words.js."""
    words = {}
    for entry in polib.pofile(str(catalogue)):
        forms = [entry.msgstr_plural[number] for number in sorted(entry.msgstr_plural)]
        if forms if entry.msgid_plural else entry.msgstr:
            words[entry.msgid] = forms if entry.msgid_plural else entry.msgstr
    return f"globalThis.words = {json.dumps(words, ensure_ascii=False, sort_keys=True, indent=1)};\n"


if __name__ == "__main__":
    main()
