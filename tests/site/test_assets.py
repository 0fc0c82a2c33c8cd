"""Assets prepared by `make` for browsers: npm packages with exact, checked versions, and generated files."""

import json
import re
from pathlib import Path

import pytest

from assets import generate, vendor
from pastes.rules.display import HIDING, UNSHOWABLE
from pastes.rules.languages import LANGUAGES, PLAIN

ROOT = Path(__file__).resolve().parents[2]
LOCK = json.loads((ROOT / "assets" / "package-lock.json").read_text())
WANTED = json.loads((ROOT / "assets" / "package.json").read_text())


def test_every_language_in_the_table_is_supported_by_highlight_js() -> None:
    modules = {path.stem for path in (vendor.VENDOR / "highlight" / "languages").iterdir()}

    assert modules == set(LANGUAGES) - {PLAIN.name}


def test_the_browsers_table_is_generated_from_ours() -> None:
    written = generate.language_tables()
    loaders, labels, endings = re.split("export const (?:labels|extensions)", written)

    assert re.findall(r'"([^"]+)": \(\) => import\("\.\./vendor/highlight/languages/([^"]+)\.js"\)', loaders) == [
        (name, name) for name in LANGUAGES if name != PLAIN.name
    ]
    assert dict(re.findall(r'"([^"]+)": "([^"]+)"', labels)) == {name: one.label for name, one in LANGUAGES.items()}
    assert dict(re.findall(r'"([^"]+)": "([^"]+)"', endings)) == {
        name: " ".join(one.extensions) for name, one in LANGUAGES.items()
    }


def test_versions_are_exact_and_every_package_is_checked() -> None:
    for version in [*WANTED["dependencies"].values(), *WANTED["devDependencies"].values()]:
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    for name, package in LOCK["packages"].items():
        assert not name or package["integrity"].startswith("sha512-"), name


def test_the_reason_for_every_package_is_documented() -> None:
    record = next((ROOT / "docs" / "adr").glob("*-code-from-npm.md")).read_text()
    rows = re.findall(r"^\| `([^`]+)` \|", record, re.MULTILINE)

    assert set(rows) == {*WANTED["dependencies"], *WANTED["devDependencies"]}


def test_no_third_party_or_generated_file_is_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()

    assert {"/assets/node_modules/", "/static/vendor/", "/static/generated/"} <= set(ignored)


def test_npm_is_downloaded_if_the_machine_does_not_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    monkeypatch.setattr("subprocess.run", lambda command, **_: commands.append(command))

    npm = vendor._npm()

    assert commands[0][-1].endswith("requirements-assets.txt")
    assert "--require-hashes" in commands[0]
    assert npm.endswith("/npm")


def test_every_stylesheet_is_included_in_the_one_that_pages_load() -> None:
    assert {path.stem for path in generate.STYLES.iterdir()} == set(generate.STYLESHEETS)


def test_a_minified_stylesheet_keeps_its_strings_and_selectors() -> None:
    css = """
    /* A comment. */
    a > b,
    a :is(c, d)::after {
      content: " ( ; " attr(data-age) ")";
      margin: 0 auto;
    }
    """

    assert generate.compact(css) == 'a > b,a :is(c,d)::after{content: " ( ; " attr(data-age) ")";margin: 0 auto}'


def test_scripts_recognize_the_same_characters_as_the_server() -> None:
    constants = dict(re.findall(r"export const (\w+) = /(.*)/[gu]+;", generate.constants()))
    for pattern, ours in (("UNSHOWABLE", UNSHOWABLE), ("HIDING", HIDING)):
        theirs = re.compile(re.sub(r"\\u\{(\w+)\}", lambda code: f"\\U{code[1]:0>8}", constants[pattern]))

        assert [
            code
            for code in range(0x110000)
            if bool(theirs.search("a" + chr(code))) != bool(ours.search("a" + chr(code)))
        ] == []
