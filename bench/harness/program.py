"""Execute one of the programs of `manage.py run`: `python -m bench.harness.program web`.

Benchmarks thus always use the actual command line of a program.
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
