"""Parts of pages that are rendered once per language."""

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import translation
from pytest_django import Settings

PART = "{% load fixed i18n %}{% fixed %}{% translate 'Recent' %}{{ word }}{% endfixed %} {{ word }}"


def test_a_constant_part_is_rendered_once_per_language() -> None:
    template = Template(PART)
    said = []
    for language, word in (("en", "one"), ("de", "two"), ("en", "three"), ("de", "four")):
        with translation.override(language):
            said.append(template.render(Context({"word": word})))

    assert said == ["Recentone one", "Neuestetwo two", "Recentone three", "Neuestetwo four"]


@pytest.mark.django_db
def test_a_changed_setting_renders_the_part_again(client: Client, settings: Settings) -> None:
    assert b"closed on Sunday" not in client.get("/recent").content
    settings.PASTEUR_NOTICE = "closed on Sunday"

    assert b"closed on Sunday" in client.get("/recent").content


@pytest.mark.django_db
def test_a_configured_logo_replaces_the_default_logo(client: Client, settings: Settings) -> None:
    assert b'pasteur.svg" alt=""' in client.get("/recent").content
    settings.PASTEUR_LOGO = "/static/our.png"

    page = client.get("/recent").content

    assert b'<img src="/static/our.png" alt=""' in page
    assert b'pasteur.svg" alt=""' not in page
