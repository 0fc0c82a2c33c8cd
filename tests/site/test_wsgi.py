"""Requests as passed on by gunicorn."""

from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from pasteur_site.wsgi import Request


@pytest.mark.parametrize("charset", ["rot13", "hex", "zip", "utf-16", "utf-7", "no-such-thing", "\xff", ""])
def test_a_query_string_is_utf8_whatever_the_header_declares(charset: str) -> None:
    environ: dict[str, Any] = {"QUERY_STRING": "a=%C3%A9", "CONTENT_TYPE": f"text/plain; charset={charset}"}
    setup_testing_defaults(environ)

    request = Request(environ)

    assert request.GET["a"] == "é"
    assert request.content_type == "text/plain"
