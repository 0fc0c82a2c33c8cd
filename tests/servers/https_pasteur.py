"""The site with HTTPS by itself, for `paste.test`."""

from __future__ import annotations

import ssl
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import urllib3

from tests.servers.pasteur import Pasteur
from tests.servers.pebble import Pebble
from tests.servers.process import reserve_port, wait_until


class HttpsPasteur(Pasteur):
    """`manage.py run` with PASTEUR_HTTPS; `port` is the one for plain HTTP.

    Its authority does not answer until it is replaced by `use`.
    """

    def __init__(self, **settings: str) -> None:
        super().__init__(**settings)
        self.pebble: Pebble | None = None
        self._https_reservation = reserve_port()
        weakref.finalize(self, self._https_reservation.close)
        self.https_port = int(self._https_reservation.getsockname()[1])
        # For reading and pasting, any certificate will do.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.http = urllib3.PoolManager(
            timeout=20, retries=False, headers={"Connection": "close", "Host": "paste.test"}, ssl_context=context
        )

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.https_port}"

    @property
    def plain_url(self) -> str:
        """The address for plain HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def served_file(self) -> Path:
        """The file with the certificate and its key."""
        return self.data / "certificates" / "served.pem"

    def use(self, pebble: Pebble) -> Self:
        """Set the authority, before the start."""
        self.pebble = pebble
        self.settings |= {"PASTEUR_ACME_DIRECTORY": pebble.directory, "PASTEUR_ACME_CA_FILE": str(pebble.ca_file)}
        return self

    def environment(self) -> Mapping[str, str]:
        return {
            "PASTEUR_HTTPS": "1",
            "PASTEUR_URL": "https://paste.test",
            "HOST": "127.0.0.1",
            "HTTPS_PORT": str(self.https_port),
            "PASTEUR_ACME_DIRECTORY": "https://127.0.0.1:1/dir",
            **super().environment(),
        }

    def wait_for_certificate(self) -> Self:
        """Wait until the site has a certificate from Pebble."""
        wait_until(self.has_certificate, "the site has a certificate", 60)
        return self

    def has_certificate(self, name: str = "paste.test") -> bool:
        """Whether a client that trusts Pebble alone accepts the certificate for a name."""
        try:
            return self.trusting(name).request("GET", f"{self.url}/healthz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def trusting(self, name: str = "paste.test") -> urllib3.PoolManager:
        """Return a client that expects a certificate by Pebble for a name."""
        assert self.pebble is not None
        trust = ssl.create_default_context(cadata=self.pebble.roots())
        headers = {"Connection": "close", "Host": "paste.test"}
        return urllib3.PoolManager(timeout=20, retries=False, headers=headers, ssl_context=trust, server_hostname=name)

    def served(self) -> bytes:
        """Return the certificate that the site presents, as DER."""
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", self.https_port), timeout=10))

    def stop(self) -> None:
        super().stop()
        self._https_reservation.close()
