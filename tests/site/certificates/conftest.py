"""A data folder of its own, and settings as a site with HTTPS has them."""

from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from pasteur_site.configuration.environment import Environment
from pasteur_site.configuration.https import certificate


@pytest.fixture(autouse=True)
def https(settings: Settings, tmp_path: Path) -> Settings:
    """Return settings for `paste.test`, with HTTPS by the site itself."""
    settings.DATA_DIR = tmp_path
    settings.PASTEUR_HTTPS = True
    settings.PASTEUR_URL = "https://paste.test"
    settings.CERTIFICATE = replace(
        certificate(Environment({}), settings.PASTEUR_URL, is_on=True), directory="https://ca/"
    )
    return settings
