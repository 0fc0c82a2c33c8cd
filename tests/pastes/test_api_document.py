"""The OpenAPI document against the API: whatever it allows to be sent, the answer is one that it describes."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.pastes.made import published

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CHECKS += [response_headers_conformance]


DOCUMENT = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
OPERATIONS = {found.ok().label: found.ok() for found in DOCUMENT.get_all_operations() if isinstance(found, Ok)}
some_requests = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Let a request leave the connection open, and with it the transaction of the test."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize("label", OPERATIONS)
@some_requests
@given(data=st.data())
def test_every_answer_is_described(db: None, label: str, data: st.DataObject) -> None:
    case = data.draw(OPERATIONS[label].as_strategy())

    case.call_and_validate(checks=CHECKS)


@pytest.mark.parametrize("label", [label for label in OPERATIONS if "{key}" in label])
@some_requests
@given(data=st.data(), burn=st.booleans())
def test_every_answer_to_who_made_the_paste_is_described(db: None, label: str, data: st.DataObject, burn: bool) -> None:
    paste = published("text\n", "a.txt", burn=burn)
    case = data.draw(OPERATIONS[label].as_strategy())
    case.path_parameters["key"] = paste.key
    case.headers.update({"X-Pasteur-Token": paste.token, "If-Match": "*"})

    case.call_and_validate(checks=CHECKS)
