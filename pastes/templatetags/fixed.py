"""The `fixed` tag, for parts of pages that are rendered only once per language."""

from typing import Any

from django import template
from django.core.signals import setting_changed
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


class FixedNode(template.Node):
    """The content of a `fixed` tag. It may only depend on the language and on settings."""

    rendered: dict[tuple["FixedNode", str | None], SafeString] = {}

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        key = (self, get_language())
        if key not in self.rendered:
            self.rendered[key] = self.nodelist.render(context)
        return self.rendered[key]


@register.tag
def fixed(parser: Parser, token: Token) -> FixedNode:
    """Parse `{% fixed %}...{% endfixed %}`."""
    nodelist = parser.parse(("endfixed",))
    parser.delete_first_token()
    return FixedNode(nodelist)


def clear(**kwargs: Any) -> None:
    """Discard all rendered parts when a setting changes, which only happens in tests."""
    FixedNode.rendered.clear()


setting_changed.connect(clear)
