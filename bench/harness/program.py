"""Becomes one of the programs that `manage.py run` keeps running: `python -m bench.harness.program web`.

So a benchmark of one of them measures the product's own command line, whatever it says today.
"""

import os
import sys

from pasteur_site.startup import load_settings


def main() -> None:
    load_settings()
    from pasteur_site.management.commands.run import programs  # After the settings.

    command = programs()[sys.argv[1]]
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
