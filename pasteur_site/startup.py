"""What every process does first: find the settings, or say in plain words why it cannot."""

import os
import sys

#: The exit status of a process whose configuration is wrong (sysexits.h: EX_CONFIG).
EX_CONFIG = 78


def load_settings() -> None:
    """Load the settings module; on a wrong setting print each problem and exit with EX_CONFIG, without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pasteur_site.settings")
    from pasteur_site.environment import SettingsError

    try:
        import pasteur_site.settings  # noqa: F401  (the import is the check)
    except SettingsError as error:
        print(f"Pasteur cannot start:\n{error}", file=sys.stderr)
        sys.exit(EX_CONFIG)
