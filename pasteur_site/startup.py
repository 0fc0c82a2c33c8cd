"""Load the settings when a process starts, or exit with a list of errors."""

import os
import sys

#: The exit status for invalid settings (EX_CONFIG from sysexits.h).
EX_CONFIG = 78


def load_settings() -> None:
    """Load the settings module. If settings are invalid, print them without a traceback and exit with EX_CONFIG."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pasteur_site.settings")
    from pasteur_site.configuration.environment import SettingsError

    try:
        import pasteur_site.settings  # noqa: F401  (importing it checks the settings)
    except SettingsError as error:
        print(f"Pasteur cannot start:\n{error}", file=sys.stderr)
        sys.exit(EX_CONFIG)
