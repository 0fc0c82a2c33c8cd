"""Responses to generated requests match the OpenAPI document."""

import re
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pasteur_site.wsgi import application
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CHECKS += [response_headers_conformance, negative_data_rejection]

DOCUMENT = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
OPERATIONS = {found.ok().label: found.ok() for found in DOCUMENT.get_all_operations() if isinstance(found, Ok)}
some_requests = settings(
    max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
#: Operations without input cannot have invalid input.
CASES = [
    (label, mode)
    for label, operation in OPERATIONS.items()
    for mode in GenerationMode
    if mode.is_positive or operation.path_parameters or operation.query or operation.headers or operation.body
]


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Keep requests from closing the connection, which holds the transaction of the test."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize(("label", "mode"), CASES)
@some_requests
@given(data=st.data())
def test_every_response_matches_the_openapi_document(
    db: None, label: str, mode: GenerationMode, data: st.DataObject
) -> None:
    case = data.draw(OPERATIONS[label].as_strategy(mode))

    case.call_and_validate(checks=CHECKS)


@pytest.mark.parametrize(("label", "mode"), [case for case in CASES if "{key}" in case[0]])
@some_requests
@given(data=st.data(), burn=st.booleans())
def test_every_response_to_the_author_matches_the_openapi_document(
    db: None, label: str, mode: GenerationMode, data: st.DataObject, burn: bool
) -> None:
    paste = publish_text("text\n", "a.txt", burn=burn)
    case = data.draw(OPERATIONS[label].as_strategy(mode))
    case.path_parameters["key"] = paste.key
    case.headers.update({"X-Pasteur-Token": paste.token, "If-Match": "*"})

    case.call_and_validate(checks=CHECKS)


@pytest.mark.parametrize("label", ["POST /api/v1/pastes", "POST /api/v1/pastes/{key}/fork"])
@pytest.mark.parametrize("key", ["", "x" * 15, "x" * 16, "x" * 128, "x" * 129, "x" * 16 + " y", "~!" * 8, "\xe9" * 16])
def test_the_pattern_of_idempotency_keys_is_the_validated_one(client: Client, label: str, key: str) -> None:
    (header,) = (header for header in OPERATIONS[label].headers if header.name == "Idempotency-Key")
    schema = header.definition["schema"]
    described = bool(re.search(schema["pattern"], key)) and schema["minLength"] <= len(key) <= schema["maxLength"]

    path = label.removeprefix("POST ").format(key=publish_text().key)
    body = {} if "fork" in path else {"files": [{"content": "text"}]}
    response = client.post(path, body, content_type="application/json", headers={"idempotency-key": key})

    assert (response.status_code == 201) == described, response.content
