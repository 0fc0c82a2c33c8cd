"""The API's documentation page works under the site's own policy, without anything from other sites."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor

pytestmark = pytest.mark.server


def test_the_api_documentation_can_be_read(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()

    assert visitor.go("/api/v1/docs") == 200

    expect(visitor.page.get_by_text("/api/v1/pastes/{key}/fork")).to_be_visible()
