"""A client of the REST API."""

import json
from typing import Any

from django.test import Client

FILE = {"content": "text"}


def create(client: Client, body: Any) -> Any:
    """Create a paste from a body, which is sent as JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/api/v1/pastes", content, content_type="application/json")


def refused(response: Any) -> tuple[int, str, str | None]:
    """Return the status, code and field of an error; fail unless it has the format of the API."""
    assert response["Content-Type"] == "application/json"
    error = response.json()["error"]
    assert set(error) - {"field", "limit"} == {"code", "message"}
    assert error["message"]
    return response.status_code, error["code"], error.get("field")
