"""The documentation matches the code: anything that is in only one of them fails here."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandParser
from django.urls import URLPattern, URLResolver, get_resolver

import gitsync.sync.resync  # noqa: F401  (it adds an error of its own)
from gitsync.errors import GitsyncError
from pastes.api.schemas import FileIn, FileOut, PasteIn, PasteOut
from pastes.rules.lifetimes import LIFETIMES
from pasteur_site.settings import env
from tests.servers.pasteur import Pasteur

ROOT = Path(__file__).resolve().parents[2]
APPS = ("pastes", "gitsync", "pasteur_site")
PAGES = {str(path.relative_to(ROOT)): path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]}
DOCS = "\n".join(PAGES.values())


def first_cells(page: str, heading: str = "") -> list[str]:
    """Return the first cell of every row in every table below a heading on a page."""
    text = PAGES[page].partition(f"\n{heading}\n")[2].partition("\n## ")[0] if heading else PAGES[page]
    return [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]


def code_spans(cells: list[str]) -> list[str]:
    """Return all code spans in these cells."""
    return [span for cell in cells for span in re.findall(r"`([^`]+)`", cell)]


def sources() -> Iterator[ast.Module]:
    """Yield every module of Pasteur, parsed."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            yield ast.parse(path.read_text())


def subclasses(kind: type[GitsyncError]) -> set[type[GitsyncError]]:
    """Return a class and all its subclasses."""
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


def test_every_setting_has_a_row_and_every_row_is_a_setting() -> None:
    names = code_spans(first_cells("docs/settings.md"))

    assert sorted(names) == sorted(env.names)


def test_the_documented_defaults_are_those_in_the_code(tmp_path: Path) -> None:
    rows = [line.split("|") for line in PAGES["docs/settings.md"].splitlines() if line.startswith("| `")]
    documented = {
        code_spans([row[1]])[0]: row[2].strip().strip("`") for row in rows if re.fullmatch(r" `[^`]*` ", row[2])
    }
    program = (
        "import json; from pasteur_site import settings as s;"
        "print(json.dumps({n: str(int(v) if isinstance(v, bool) else v) for n, v in vars(s).items() if n.isupper()}))"
    )
    environment = {"PATH": os.environ["PATH"], "PASTEUR_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", program]
    shown = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout

    actual = json.loads(shown)
    assert len(documented) > 8
    assert documented == {name: actual[name] for name in documented}


def test_every_system_check_is_documented() -> None:
    ours = {
        word.value
        for module in sources()
        for word in ast.walk(module)
        if isinstance(word, ast.Constant) and re.fullmatch(rf"({'|'.join(APPS)})\.[EWI]\d+", str(word.value))
    }

    spans = code_spans(first_cells("docs/operations/reference.md", "## Checks"))
    assert ours == {name for name in spans if re.fullmatch(r"\w+\.[EWI]\d+", name)}


def test_every_command_is_documented_with_its_options() -> None:
    pages = [page for page in PAGES if page.startswith("docs/operations/")]
    described = {span for page in pages for span in code_spans(first_cells(page))}
    for name in [name for name, app in get_commands().items() if app in APPS]:
        assert any(f"manage.py {name}" in PAGES[page] for page in pages)
        parser = CommandParser()
        load_command_class(get_commands()[name], name).add_arguments(parser)
        for option in [word for action in parser._actions for word in action.option_strings]:
            assert option in {"-h", "--help", *described}, (name, option)


def test_every_url_is_documented() -> None:
    described = re.findall(r"`(?:[A-Z]+ )?(/[^`]*)`", PAGES["docs/api.md"])

    for route in routes(get_resolver().url_patterns):
        assert re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/{route}") in described


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Yield every route; those of the admin count as one."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if pattern.name != "api-root":  # Ninja's own route, which returns nothing.
                yield route
        elif pattern.namespace == "admin":
            yield route
        else:
            yield from routes(pattern.url_patterns, route)


def test_every_error_of_the_mirror_is_documented() -> None:
    codes = {error.code for error in subclasses(GitsyncError)}

    assert set(code_spans(first_cells("docs/operations/reference.md", "## Errors of the mirror"))) >= codes


def test_exactly_the_existing_refusals_are_documented() -> None:
    calls = [call for module in sources() for call in ast.walk(module) if isinstance(call, ast.Call)]
    made = {"RefusedError": 0, "_refuse": 0, "error": 2, "RawError": 1}
    codes = set()
    for call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for code in call.args[made[name] : made[name] + 1] if name in made else []:
            codes |= {word.value for word in ast.walk(code) if isinstance(word, ast.Constant)}
    codes |= {"unknown_field", "missing_field", "wrong_type", "out_of_range"}  # Defined in a dictionary in pastes/api.

    rows = [line.split("|")[2] for line in PAGES["docs/api.md"].splitlines() if re.match(r"\| \d{3} ", line)]
    assert set(code_spans(rows)) == {code for code in codes if isinstance(code, str)}


def test_every_field_of_the_api_is_documented() -> None:
    prose = re.sub(r"```.*?```", "", PAGES["docs/api.md"], flags=re.DOTALL)
    spans = {span.removeprefix("files[].") for span in code_spans([prose])}
    for schema in (PasteIn, FileIn, PasteOut, FileOut):
        assert {name for name in schema.model_fields if name != "mirror"} <= spans
    assert set(LIFETIMES) <= spans


def test_every_folder_has_a_row_in_the_architecture() -> None:
    for app in ("pastes", "gitsync"):
        spans = code_spans(first_cells("docs/architecture.md", "## Layout"))
        for folder in (ROOT / app).iterdir():
            if (folder / "__init__.py").exists() and folder.name != "migrations":
                assert f"{folder.name}/" in spans, folder


def test_the_files_to_read_first_exist() -> None:
    files = re.findall(r"^\d\. `(.*)`: ", PAGES["docs/architecture.md"], re.MULTILINE)

    assert len(files) == 6
    assert all((ROOT / file).is_file() for file in files)


def test_the_reason_for_every_library_is_documented() -> None:
    lines = (ROOT / "requirements.in").read_text().splitlines()
    names = {line.split("~=")[0] for line in lines if line and not line.startswith("#")}
    cells = [cell.strip() for cell in first_cells("docs/adr/0002-libraries.md")]

    assert {name for cell in cells for name in cell.split(", ")} - {"Library", "---"} == names


def test_every_mentioned_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for line in re.findall(r"(?:^|`)make ((?:[a-z-]+ ?)+)", DOCS, re.MULTILINE) for word in line.split()}

    assert named <= targets


@pytest.mark.parametrize("page", PAGES)
def test_all_links_are_valid(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}, target


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return one running site for the commands on all pages."""
    with Pasteur() as running:
        yield running


@pytest.mark.server
@pytest.mark.parametrize("page", ["README.md", "docs/api.md"])
def test_the_curl_commands_work(page: str, site: Pasteur, tmp_path: Path) -> None:
    blocks = [block for block in re.findall(r"```sh\n(.*?)```", PAGES[page], re.DOTALL) if "curl" in block]
    session = "\n".join(blocks).replace("http://127.0.0.1:8000", site.url)
    (tmp_path / ".curlrc").write_text("fail-with-body\nmax-time = 20\n")

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", session],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert 'print("hello")\n' in done.stdout
    assert "127.0.0.1:8000" not in session


@pytest.mark.server
def test_a_clone_made_as_in_the_readme_contains_the_paste(site: Pasteur, tmp_path: Path) -> None:
    (line,) = re.findall(r"^\$ (git clone .*)$", PAGES["README.md"], re.MULTILINE)
    site.wait_until_nothing_is_pending()  # Pastes by other tests are older.
    key = site.paste('print("hello")\n', "hello.py")
    site.wait_until_mirrored(key)

    done = subprocess.run(
        ["bash", "-euc", line.replace("var/mirror.git", str(site.mirror))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    shown = re.search(r"ls-files\n(.*?)```", PAGES["README.md"], re.DOTALL)
    assert shown is not None
    folder = f"{key[0]}/{key[1]}/{key[2]}/{key}"
    told = [words for words in done.stdout.splitlines(keepends=True) if key in words]
    assert "".join(told) == shown[1].replace("k/3/x/k3x9m2p7ab", folder).replace("k3x9m2p7ab", key)
