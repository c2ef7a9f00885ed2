"""The web chat in a real Chromium: asked, answered, followed up, found again, deleted; by keyboard; without a fault."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.program import Program

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 850}
pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        assert os.environ.get("CI") != "true", "CI needs Chromium"
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


def open_page(browser: Browser, program: Program, **options: Any) -> Page:
    page = browser.new_context(**{"viewport": PHONE, **options}).new_page()
    page.set_default_timeout(10_000)
    page.goto(program.url)
    return page


def begin(page: Page, council: str = "Nottinghamshire") -> None:
    page.get_by_role("button", name=council, exact=True).click()
    page.wait_for_url("**/chat")


def ask(page: Page, text: str) -> None:
    before = page.locator("li.assistant").count()
    page.get_by_label("Your question").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_function("count => document.querySelectorAll('li.assistant').length > count", arg=before)


def no_fault(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert not found, [(fault["id"], fault["nodes"][0]["html"]) for fault in found]


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_a_question_is_asked_followed_up_found_again_and_deleted(browser: Browser, program: Program, size: dict):
    page = open_page(browser, program, viewport=size)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    no_fault(page)
    begin(page)
    ask(page, "do i have to pay council tax, im 19")
    answer = page.locator("li.answer").last
    expect(answer).to_contain_text("you do not pay Council Tax until you turn 25")
    answer.get_by_text("Where this comes from").click()
    expect(answer).to_contain_text("Last checked: 30 November 2020")
    no_fault(page)
    page.wait_for_timeout(500)
    expect(page.get_by_role("button", name="Tell me more")).to_be_visible()
    ask(page, "how do i get it")
    expect(page.locator("li.answer").last).to_contain_text("Leaving Care team")
    expect(page.get_by_role("button", name="Tell me more")).to_have_count(0)
    page.reload()
    expect(page.locator("li.person").first).to_contain_text("do i have to pay council tax")
    expect(page.locator("li.answer")).to_have_count(2)
    page.get_by_role("link", name="Delete this chat").click()
    no_fault(page)
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("status")).to_contain_text("Your chat is deleted")
    page.goto(program.url + "/chat")
    expect(page.get_by_role("heading", name="Which council looked after you?")).to_be_visible()
    assert problems == []


def test_it_works_by_keyboard_alone(browser: Browser, program: Program):
    page = open_page(browser, program)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the main part")).to_be_focused()
    page.get_by_role("button", name="Nottingham City").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/chat")
    page.get_by_label("Your question").focus()
    page.keyboard.type("do i have to pay council tax")
    page.keyboard.press("Enter")
    expect(page.locator("li.answer")).to_contain_text("could not find a Council Tax discount")
    page.get_by_role("button", name="Talk to a person").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("li.handoff")).to_contain_text(re.compile("0115 876 (4800|1000)"))  # of whoever is there now


def test_it_works_without_javascript(browser: Browser, program: Program):
    page = open_page(browser, program, java_script_enabled=False)
    begin(page)
    page.get_by_label("Your question").fill("do i have to pay council tax")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("li.answer")).to_contain_text("you do not pay Council Tax")
    page.get_by_role("button", name="19", exact=True).click()
    expect(page.locator("li.answer").last).to_contain_text("At 19, this is for you.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_colour_scheme_is_readable(browser: Browser, program: Program, scheme: Any):
    page = open_page(browser, program, color_scheme=scheme)
    begin(page)
    ask(page, "talk to a person")
    ask(page, "do i have to pay council tax")
    no_fault(page)


def test_at_four_hundred_percent_nothing_is_cut_off_sideways(browser: Browser, program: Program):
    # WCAG 2.2, 1.4.10 Reflow: 320 CSS pixels wide is 1280 at 400 %; 256 high is 1024.
    page = open_page(browser, program, viewport={"width": 320, "height": 256})
    begin(page)
    ask(page, "do i have to pay council tax")
    for path in ("/chat", "/about", "/chat/delete"):
        page.goto(program.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_leaving_is_one_press_away(browser: Browser, program: Program):
    page = open_page(browser, program)
    begin(page)
    page.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="weather"))
    page.get_by_role("link", name="Leave").click()
    page.wait_for_url("https://www.bbc.co.uk/weather")


def test_nothing_is_asked_of_another_site(browser: Browser, program: Program):
    page = open_page(browser, program)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    begin(page)
    ask(page, "do i have to pay council tax")
    page.goto(program.url + "/about")
    assert hosts == {program.url.removeprefix("http://")}


def test_a_message_that_could_not_be_sent_is_kept_and_sent_again_once(browser: Browser, program: Program):
    page = open_page(browser, program)
    begin(page)
    page.context.set_offline(True)
    page.get_by_label("Your question").fill("do i have to pay council tax")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Not sent")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("li.answer")).to_have_count(1)
    expect(page.locator("li.person")).to_have_count(1)


def test_right_to_left_words_are_laid_out_right(browser: Browser, program: Program):
    page = open_page(browser, program)
    begin(page)
    ask(page, "مرحبا كيف حالك")
    bubble = page.locator("li.person .bubble p").last
    assert bubble.evaluate("element => getComputedStyle(element).direction") == "rtl"


@pytest.mark.parametrize("script", [True, False])
def test_somebody_who_reads_arabic_picks_the_language_and_is_read_from_right_to_left(
    browser: Browser, program: Program, script: bool
):
    page = open_page(browser, program, java_script_enabled=script)
    page.get_by_role("link", name="العربية").click()
    section = page.locator("section[lang=ar]")
    expect(section).to_have_attribute("dir", "rtl")
    page.get_by_role("button", name="Nottingham City", exact=True).click()
    page.wait_for_url("**/chat")
    greeting = page.locator("li.assistant div[lang=ar]").first
    expect(greeting).to_be_visible()
    assert greeting.locator("p").first.evaluate("each => getComputedStyle(each).direction") == "rtl"
    page.get_by_label("Your question").fill("أحتاج إلى مساعدة في السكن")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("li.handoff div[lang=ar]")).to_contain_text("0115 876 4800")


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_urgent_help_stands_in_the_chat_with_numbers_to_tap_and_without_a_fault(
    browser: Browser, program: Program, size: dict
):
    page = open_page(browser, program, viewport=size)
    begin(page)
    ask(page, "i want to kill myself")
    help = page.locator("li.crisis").last
    expect(help.get_by_role("link", name="999")).to_have_attribute("href", "tel:999")
    expect(help.get_by_role("link", name="116 123")).to_be_in_viewport()
    expect(help.get_by_role("link", name="SHOUT to 85258")).to_have_attribute("href", "sms:85258?body=SHOUT")
    expect(help.locator(".helpful, .choices")).to_have_count(0)
    no_fault(page)
    ask(page, "jk im fine")
    expect(page.locator("li.crisis").last).to_contain_text("the team keeps my note")


def test_help_for_words_that_are_saved_late_is_there_first_and_gives_way_to_what_was_passed_on(
    browser: Browser, program: Program
):
    page = open_page(browser, program)
    begin(page)
    database = sqlite3.connect(program.data / "local-offer.db", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    ask(page, "i want to kill myself")
    expect(page.locator("li.crisis")).to_contain_text("I could not pass this on")
    expect(page.get_by_text("Seen by the team")).to_have_count(0)
    database.execute("ROLLBACK")
    database.close()
    expect(page.locator("li.crisis")).to_contain_text("I have marked this chat as urgent")
    expect(page.locator("li.crisis")).to_have_count(1)
    expect(page.locator("li.person")).to_have_count(1)
    no_fault(page)
