"""The name server and the authority that the tests of HTTPS share."""

from collections.abc import Iterator

import pytest

from tests.servers.bind import Bind
from tests.servers.https_pasteur import HttpsPasteur
from tests.servers.pebble import Pebble


@pytest.fixture(scope="module")
def bind() -> Iterator[Bind]:
    """Return a name server for `test`."""
    with Bind() as server:
        yield server


@pytest.fixture(scope="module")
def site(bind: Bind) -> Iterator[HttpsPasteur]:
    """Return a running site with a certificate that it got over HTTP."""
    site = HttpsPasteur()
    with Pebble(bind.address, site.port) as pebble, site.use(pebble):
        yield site.wait_for_certificate()
