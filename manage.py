#!/usr/bin/env python3
"""Django's command line for Pasteur: `./manage.py run` starts the whole site."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from pasteur_site.startup import load_settings


def use_virtual_environment() -> None:
    """Restart with the Python in `.venv`, where `make` installs the requirements, unless this one has them too."""
    folder = Path(__file__).resolve().parent / ".venv"
    python = folder / "bin" / "python"
    if find_spec("django") is None and python.exists() and Path(sys.prefix).resolve() != folder.resolve():
        os.execv(python, [str(python), *sys.argv])  # noqa: S606  (our own Python, with our own arguments)


def main() -> None:
    """Run the management command named on the command line."""
    use_virtual_environment()
    load_settings()
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)  # Interrupted by Ctrl-C; shells use the same status.


if __name__ == "__main__":
    main()
