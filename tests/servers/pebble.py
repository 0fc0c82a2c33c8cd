"""An ACME certificate authority, for tests."""

import json
import ssl
import subprocess
import weakref
from collections.abc import Mapping, Sequence

import urllib3

from tests.servers.process import ServerProcess, program, reserve_port


class Pebble(ServerProcess):
    """Pebble, which looks names up at a name server of the tests and connects to a site at `http_port`.

    Its certificates last for `lifetime` seconds. With `is_rejecting`, it rejects every challenge.
    """

    def __init__(self, dns_server: str, http_port: int, lifetime: int = 90 * 86_400) -> None:
        super().__init__()
        self._dns_server, self._http_port, self._lifetime = dns_server, http_port, lifetime
        self._management = reserve_port()
        weakref.finalize(self, self._management.close)
        self._management_port = int(self._management.getsockname()[1])
        self.ca_file = self.folder / "authority.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-keyout", str(self.folder / "key.pem"), "-out", str(self.ca_file), "-days", "2"]
        command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run(command, check=True, capture_output=True)

    @property
    def directory(self) -> str:
        """The value of PASTEUR_ACME_DIRECTORY."""
        return f"https://127.0.0.1:{self.port}/dir"

    def command(self) -> Sequence[str]:
        config = self.folder / "pebble.json"
        config.write_text(
            json.dumps(
                {
                    "pebble": {
                        "listenAddress": f"127.0.0.1:{self.port}",
                        "managementListenAddress": f"127.0.0.1:{self._management_port}",
                        "certificate": str(self.ca_file),
                        "privateKey": str(self.folder / "key.pem"),
                        "httpPort": self._http_port,
                        "tlsPort": 1,
                        "certificateValidityPeriod": self._lifetime,
                    }
                }
            )
        )
        return [program("pebble"), "-config", str(config), "-dnsserver", self._dns_server, "-strict=false"]

    def environment(self) -> Mapping[str, str]:
        """Neither sleep, nor reject valid nonces, nor reuse authorizations, all of which it does by default."""
        return {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0", "PEBBLE_WFE_NONCEREJECT": "0"}

    def roots(self) -> str:
        """Return the certificate under which this run of Pebble issues."""
        return self._manage("/roots/0")

    def status(self, serial: int) -> str:
        """Return the status of an issued certificate, such as Valid or Revoked."""
        return str(json.loads(self._manage(f"/cert-status-by-serial/{serial:x}"))["Status"])

    def _manage(self, path: str) -> str:
        trust = ssl.create_default_context(cafile=str(self.ca_file))
        with urllib3.PoolManager(ssl_context=trust) as http:
            return http.request("GET", f"https://127.0.0.1:{self._management_port}{path}").data.decode()
