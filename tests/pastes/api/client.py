"""A client of the REST API."""

import json
from typing import Any

from django.test import Client

FILE = {"content": "text"}


def create(client: Client, body: Any) -> Any:
    """Send a body, as JSON unless it is bytes already."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/api/v1/pastes", content, content_type="application/json")


def refused(response: Any) -> tuple[int, str, str | None]:
    """Return status, code and field of an error; fail unless it has the format of the API."""
    assert response["Content-Type"] == "application/json"
    error = response.json()["error"]
    assert set(error) - {"field", "limit"} == {"code", "message"}
    assert error["message"]
    return response.status_code, error["code"], error.get("field")
