"""Parts of pages that are the same on each page: they are rendered once for each language."""

from typing import Any

from django import template
from django.core.signals import setting_changed
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


class FixedNode(template.Node):
    """What stands between `fixed` and `endfixed`: it may depend on the language and on settings, on nothing else."""

    rendered: dict[tuple["FixedNode", str | None], SafeString] = {}

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        """Return the part as it was rendered the first time in this process."""
        key = (self, get_language())
        if key not in self.rendered:
            self.rendered[key] = self.nodelist.render(context)
        return self.rendered[key]


@register.tag
def fixed(parser: Parser, token: Token) -> FixedNode:
    """Render the part once for each language, and not with every page."""
    nodelist = parser.parse(("endfixed",))
    parser.delete_first_token()
    return FixedNode(nodelist)


def forget(**kwargs: Any) -> None:
    """Render all parts anew: a setting has changed, as happens in tests alone."""
    FixedNode.rendered.clear()


setting_changed.connect(forget)
