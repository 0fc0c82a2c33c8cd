"""The whole site below a path on its host."""

from typing import Self

from tests.servers.pasteur import Pasteur

PATH = "/notes/paste"


class PasteurBelowPath(Pasteur):
    """A site with a path in its PASTEUR_URL."""

    @property
    def url(self) -> str:
        """The address of the site, with its path."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    def start(self) -> Self:
        """Start it with its own address in the settings."""
        self.settings["PASTEUR_URL"] = self.url
        return super().start()
