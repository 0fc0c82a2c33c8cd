#!/usr/bin/env python
"""Django's command line for Pasteur: `./manage.py run` starts the whole site."""

import sys

from pasteur_site.entry import load_settings


def main() -> None:
    """Run the management command named on the command line."""
    load_settings()
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)  # Ctrl-C in the middle of something; a shell says it the same way.


if __name__ == "__main__":
    main()
