"""Download the third-party code that pages run in the browser and copy it to static/vendor/.

`make` runs this as `python -m assets.vendor`. npm verifies every package against package-lock.json and does not run any
of their scripts. If npm is not installed, it is installed from PyPI for the current Python. Nothing in this module is
needed at run time.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from pastes.rules.languages import LANGUAGES, PLAIN

ASSETS = Path(__file__).resolve().parent
PACKAGES = ASSETS / "node_modules"
VENDOR = ASSETS.parent / "static" / "vendor"
HIGHLIGHT = PACKAGES / "@highlightjs" / "cdn-assets" / "es"

#: The files that pages load in addition to the languages, with their paths in the packages.
FILES = {
    "highlight/core.js": HIGHLIGHT / "core.min.js",
    "markdown/markdown-it.js": PACKAGES / "markdown-it" / "dist" / "browser" / "markdown-it.esm.min.mjs",
    "qr/uqr.js": PACKAGES / "uqr" / "dist" / "index.mjs",
    "markdown/purify.js": PACKAGES / "dompurify" / "dist" / "purify.min.js",
}
#: Comments that refer to source maps, which are not shipped.
_MAP = re.compile(r"(?m)^//# sourceMappingURL=.*$")


def main() -> None:
    """Download the packages and copy the files that are needed."""
    fetch(ASSETS)
    names = [name for name in LANGUAGES if name != PLAIN.name]
    files = FILES | {f"highlight/languages/{name}.js": HIGHLIGHT / "languages" / f"{name}.min.js" for name in names}
    shutil.rmtree(VENDOR, ignore_errors=True)
    for name, source in files.items():
        target = VENDOR / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_MAP.sub("", source.read_text(encoding="utf-8")), encoding="utf-8")


def fetch(folder: Path) -> None:
    """Run npm to install exactly the versions in a folder's lock file."""
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([_npm(), *command], cwd=folder, check=True, stdout=subprocess.DEVNULL, env=_environment())


def _npm() -> str:
    found = shutil.which("npm", path=_environment()["PATH"])
    if found:
        return found
    requirements = str(ASSETS.parent / "requirements-assets.txt")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "-r", requirements], check=True)
    return str(Path(sys.executable).with_name("npm"))


def _environment() -> dict[str, str]:
    """Return the environment with the current Python's folder added to PATH."""
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}{os.pathsep}{Path(sys.executable).parent}"}


if __name__ == "__main__":
    main()
