"""A name server for the zone `test`, which takes updates by RFC 2136."""

import base64
from collections.abc import Sequence
from pathlib import Path

from tests.servers.process import ServerProcess, program

_ZONE = """$TTL 1
@ IN SOA ns.test. admin.test. 1 60 60 60 1
@ IN NS ns.test.
ns IN A 127.0.0.1
paste IN A 127.0.0.1
other IN A 127.0.0.1
"""
_SECRET = base64.b64encode(b"a secret of the name server".ljust(32)).decode()
_OTHER_SECRET = base64.b64encode(b"a secret of another server".ljust(32)).decode()


class Bind(ServerProcess):
    """BIND, authoritative for `test`. The key may set the TXT record that proves `paste.test`, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.address = f"127.0.0.1:{self.port}"
        (self.folder / "test.zone").write_text(_ZONE)
        self.key_file = self._key("pasteur", _SECRET)
        self.wrong_secret = self._key("pasteur", _OTHER_SECRET, "wrong_secret")
        self.unknown_key = self._key("stranger", _OTHER_SECRET)
        self.powerless_key = self._key("powerless", _SECRET)

    def command(self) -> Sequence[str]:
        config = self.folder / "named.conf"
        config.write_text(
            f'include "{self.key_file}";\ninclude "{self.powerless_key}";\n'
            f'options {{ directory "{self.folder}";'
            f" listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};"
            f' recursion no; pid-file none; session-keyfile "{self.folder}/session.key"; dnssec-validation no; }};\n'
            "controls { };\n"
            'zone "test" { type primary; file "test.zone";'
            " update-policy { grant pasteur name _acme-challenge.paste.test. TXT; }; };\n"
        )
        return [program("named"), "-g", "-n", "1", "-c", str(config)]

    def _key(self, name: str, secret: str, file_name: str = "") -> Path:
        """Write a key as `tsig-keygen` prints it."""
        file = self.folder / f"{file_name or name}.key"
        file.write_text(f'key "{name}" {{\n\talgorithm hmac-sha256;\n\tsecret "{secret}";\n}};\n')
        file.chmod(0o600)
        return file
