"""Pages in English, French and German, as requested by the browser or chosen by the reader."""

from functools import partial

import pytest
from playwright.sync_api import Request, expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.browser.read.test_highlighting import publish
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

HEADINGS = {"en-US": "New paste", "fr-FR": "Nouveau texte", "de-AT": "Neuer Text"}


def switch_language(visitor: Visitor, name: str) -> None:
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name=name, exact=True).click()


def heading(visitor: Visitor) -> str:
    return visitor.page.get_by_role("heading", level=1).inner_text()


def test_a_french_author_sees_only_french(new_visitor: NewVisitor) -> None:
    author = new_visitor(locale="fr-FR")
    author.go("/")

    author.page.get_by_label("Texte", exact=True).fill("bonjour\n")
    author.page.get_by_label("Expiration").select_option("1w")
    expect(author.page.locator("#what-happens")).to_have_text(
        "Toute personne disposant du lien peut le lire pendant 1 semaine. Il n’est pas enregistré dans Git."
    )
    expect(author.page.locator(".size")).to_have_text("8 octets sur 512 ko")
    author.page.get_by_role("button", name="Ajouter un fichier").click()
    expect(author.page.locator("legend").nth(1)).to_have_text("Fichier 2")
    assert author.press("Créer le texte") == 200

    expect(author.page.get_by_role("heading", level=1)).to_have_text("Votre texte est prêt")
    expect(author.page.get_by_role("button", name="Copier", exact=True).first).to_be_visible()
    expect(author.page.locator(".fate")).to_contain_text("Toute personne ayant le lien.")
    author.page.keyboard.press("?")
    expect(author.page.get_by_role("dialog", name="Raccourcis clavier")).to_contain_text("Nouveau texte")


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no scripts"])
def test_a_reader_chooses_a_language_and_stays_on_the_same_page(new_visitor: NewVisitor, javascript: bool) -> None:
    reader = new_visitor(javascript=javascript, phone=True)
    reader.go("/search?q=some+words")
    assert reader.cookies() == {}

    switch_language(reader, "Deutsch")

    assert reader.page.url == f"{reader.url}/search?q=some+words"
    assert heading(reader) == "Öffentliche Texte durchsuchen"
    assert reader.cookies() == {"language": "de"}
    expect(reader.page.get_by_role("button", name="Deutsch")).to_have_attribute("aria-current", "true")
    assert not reader.scrolls_sideways()


def test_choosing_a_language_keeps_the_key_of_an_encrypted_paste(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    sealed = publish(reader, ("", seal("secret", bytes(range(32)))), encrypted=True)
    reader.go(f"/{sealed}#{base58(bytes(range(32)))}")

    switch_language(reader, "Français")

    expect(reader.page.locator("section.file pre")).to_have_text("secret")
    expect(reader.page.locator("#sealed")).to_contain_text("Déchiffré dans ce navigateur.")


def record_request(requested: list[str], request: Request) -> None:
    requested.append(request.url)


def test_english_pages_load_no_translations_and_others_only_their_own(new_visitor: NewVisitor) -> None:
    loaded = {}
    for locale in HEADINGS:
        reader = new_visitor(locale=locale)
        requested: list[str] = []
        reader.page.on("request", partial(record_request, requested))
        reader.go("/")
        loaded[locale[:2]] = [url.rsplit("/", 1)[1].split(".")[0] for url in requested if "/messages/" in url]

    assert loaded == {"en": [], "fr": ["fr"], "de": ["de"]}


@pytest.mark.parametrize("locale", HEADINGS)
def test_the_page_for_a_new_paste_is_in_the_language_of_the_browser(new_visitor: NewVisitor, locale: str) -> None:
    author = new_visitor(locale=locale)
    author.go("/")

    assert heading(author) == HEADINGS[locale]
    assert author.page.locator("html").get_attribute("lang") == locale[:2]
