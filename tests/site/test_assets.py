"""What the browser runs that is not ours: exact versions, checked, and a module for every language of our table."""

import json
import re
from pathlib import Path

import pytest

from assets import build
from pastes.rules.languages import LANGUAGES, PLAIN

ROOT = Path(__file__).resolve().parents[2]
LOCK = json.loads((ROOT / "assets" / "package-lock.json").read_text())
WANTED = json.loads((ROOT / "assets" / "package.json").read_text())


def test_every_language_of_the_table_is_one_of_highlight_js() -> None:
    modules = {path.stem for path in (build.VENDOR / "highlight" / "languages").iterdir()}

    assert modules == set(LANGUAGES) - {PLAIN.name}


def test_the_table_of_the_browser_is_ours() -> None:
    written = (build.VENDOR / "highlight" / "languages.js").read_text()
    loaders, labels, endings = re.split("export const (?:labels|extensions)", written)

    assert re.findall(r'"([^"]+)": \(\) => import\("\./languages/([^"]+)\.js"\)', loaders) == [
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


def test_every_package_has_its_reason() -> None:
    record = next((ROOT / "docs" / "adr").glob("*-code-from-npm.md")).read_text()
    rows = re.findall(r"^\| `([^`]+)` \|", record, re.MULTILINE)

    assert set(rows) == {*WANTED["dependencies"], *WANTED["devDependencies"]}


def test_nothing_third_party_is_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()

    assert {"/assets/node_modules/", "/static/vendor/"} <= set(ignored)


def test_a_machine_without_npm_is_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    monkeypatch.setattr("subprocess.run", lambda command, **_: commands.append(command))

    npm = build._npm()

    assert commands[0][-1].endswith("requirements-assets.txt")
    assert "--require-hashes" in commands[0]
    assert npm.endswith("/npm")
