"""Suggesting, deciding and finding a canned reply in a real browser: by keyboard, without a script, in each scheme."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.desk.suggestions import Kind, Suggestions
from bot.staff.accounts import Accounts
from bot.staff.model import Role
from bot.staff.sessions import Sessions
from content.database import Database
from tests.bot.desk.office import Office, a_member
from tests.e2e.test_browser import DESKTOP, browser, no_fault
from tests.e2e.test_handover_survives import WebProcess

__all__ = ["browser"]
pytestmark = [pytest.mark.slow, pytest.mark.browser]
ASKED = "can i ride the bus for free"


@pytest.fixture(scope="module")
def office(loaded_file: Path, models: Path, library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    data = tmp_path_factory.mktemp("suggestions")
    shutil.copy(loaded_file, data / "local-offer.db")
    (data / "models").symlink_to(models)
    with Database(f"sqlite:///{data / 'local-offer.db'}") as database:
        yield Office(database, library)


@pytest.fixture(scope="module")
def web(office: Office) -> Iterator[WebProcess]:
    url = str(office.database.engine.url)
    process = WebProcess(Path(office.database.engine.url.database).parent, url)
    process.start()
    yield process
    process.kill()


@pytest.fixture(scope="module")
def keys(office: Office) -> dict[Role, str]:
    """The session of somebody of each role who works here."""
    accounts, sessions = Accounts(office.database), Sessions(office.database)
    names = {Role.DUTY: "Sam Lee", Role.EDITOR: "Edi Tor"}
    return {role: sessions.begin(a_member(accounts, name, role).id) for role, name in names.items()}


@pytest.fixture(scope="module")
def case(office: Office, keys: dict[Role, str]) -> str:
    """The address of a case that Sam has, with a question in it."""
    chat = office.chat()
    office.writes(chat, ASKED)
    case = office.asks(chat)
    sam = office.accounts.with_email("sam.lee@council.example")
    office.duty.take(sam, case.reference)
    office.duty.reply(sam, case.reference, "Yes. Ask your PA for the form.", "one")
    return f"/desk/cases/{case.reference}"


def open_as(browser: Browser, web: WebProcess, key: str, path: str, **options) -> Page:
    context = browser.new_context(**{"viewport": DESKTOP, **options})
    context.add_cookies([{"name": "staff", "value": key, "url": web.url}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(web.url + path)
    return page


def test_a_canned_reply_is_found_by_its_words_and_taken_by_keyboard(browser, web, keys, case):
    page = open_as(browser, web, keys[Role.DUTY], case)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    find, count, found = page.get_by_label("Or search for a reply"), page.locator("#count"), page.locator("#found button")
    text = page.locator("#text")
    find.press_sequentially("GOODBYE reference")
    expect(count).to_have_text("1 reply")
    expect(found).to_contain_text("Goodbye I am going to finish here now.")
    no_fault(page)
    find.press("Enter")
    expect(text).to_have_value(re.compile("^I am going to finish here now"))
    expect(text).to_be_focused()
    expect(find).to_have_value("")
    expect(found).to_have_count(0)
    text.fill("")
    find.press_sequentially("are you safe")
    expect(count).to_have_text("1 reply")
    find.fill("you")
    expect(count).to_have_text(re.compile(r"^\d+ replies$"))
    page.keyboard.press("ArrowDown")
    expect(found.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(found.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(find).to_be_focused()
    page.keyboard.press("Enter")
    expect(found.first).to_be_focused()
    chosen = found.first.locator("strong").inner_text()
    page.keyboard.press("Enter")
    expect(text).to_have_value(page.locator("#canned option", has_text=re.compile(f"^{chosen}$")).get_attribute("value"))
    find.fill("xyzzy")
    expect(count).to_have_text("No reply has these words.")
    page.keyboard.press("Enter")
    expect(find).to_be_focused()
    page.keyboard.press("Escape")
    expect(find).to_have_value("")
    expect(count).to_have_text("")
    assert page.locator("li.staff").count() == 1
    assert problems == []


def test_a_suggestion_is_made_and_published_without_a_script(browser, web, keys, case, office):
    desk = open_as(browser, web, keys[Role.DUTY], case, java_script_enabled=False)
    expect(desk.get_by_label("Your reply")).to_be_visible()
    expect(desk.locator(".canned")).to_be_hidden()
    desk.locator("li.person", has_text=ASKED).get_by_role("link", name="Suggest for the content").click()
    expect(desk.get_by_label("The question")).to_have_value(ASKED)
    desk.get_by_label("The entry that answers it").select_option(label="Free or cheaper travel")
    desk.get_by_label("I have taken out everything").check()
    desk.get_by_role("button", name="Suggest it").click()
    expect(desk.get_by_role("status")).to_contain_text("Thank you.")
    desk.get_by_role("link", name="Back to the case").click()
    desk.locator("li.staff").get_by_role("link", name="Suggest for the content").click()
    expect(desk.get_by_label("The entry that answers it")).to_be_hidden()
    desk.get_by_label("I have taken out everything").check()
    desk.get_by_role("button", name="Suggest it").click()
    expect(desk.get_by_role("status")).to_contain_text("Thank you.")
    editor = open_as(browser, web, keys[Role.EDITOR], "/editor/suggestions", java_script_enabled=False)
    editor.get_by_role("button", name="Publish it").click()
    expect(editor.get_by_role("status")).to_contain_text("Published.")
    expect(editor.locator("li.suggestion")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_readable_in_each_colour_scheme_and_at_four_hundred_percent(browser, web, keys, case, office, scheme):
    sam = office.accounts.with_email("sam.lee@council.example")
    suggestions = Suggestions(office.database, office.audit)
    suggestions.make(sam, case.rpartition("/")[2], Kind.ENTRY, scheme, answer="word " * 40, is_clean=True)
    narrow = {"viewport": {"width": 320, "height": 256}, "color_scheme": scheme}
    desk = open_as(browser, web, keys[Role.DUTY], case, **narrow)
    addresses = [desk.locator(f"li.{who} .suggest-this").last.get_attribute("href") for who in ("person", "staff")]
    editor = open_as(browser, web, keys[Role.EDITOR], "/editor/suggestions", **narrow)
    for page, path in ((desk, case), (desk, addresses[0]), (desk, addresses[1]), (editor, "/editor/suggestions")):
        page.goto(web.url + path)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        no_fault(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
