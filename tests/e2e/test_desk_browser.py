"""A person takes over, in two real browsers: asked for, taken, talked, closed, and the assistant answers again."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.program import Program
from tests.e2e.test_browser import DESKTOP, PHONE, ask, begin, browser, no_fault, open_page

__all__ = ["browser"]
pytestmark = [pytest.mark.slow, pytest.mark.browser]
EMAIL, PASSWORD = "sam@example.org", "seven otters on a bicycle"
ON_THE_DESK, SEEN = 6.0, 5.0
"""Seconds. It takes a tenth of that on a quiet machine; tests share theirs."""


def invitation(program: Program, email: str, name: str, role: str, *council: str) -> str:
    """The link that the command line prints."""
    command = [str(Path(sys.executable).with_name("local-offer")), "staff", "add", email, "--name", name, "--role", role]
    done = subprocess.run(
        [*command, *council, "--data", str(program.data), "--url", program.url], capture_output=True, text=True, check=True
    )
    found = re.search(r"http\S+/staff/invitation/\S+", done.stdout)
    assert found, done.stdout + done.stderr
    return found.group()


def signed_in(browser: Browser, program: Program, link: str, size: dict) -> Page:
    """Open an account by its invitation and sign in, as its owner does."""
    page = browser.new_context(viewport=size).new_page()
    page.set_default_timeout(10_000)
    page.goto(link)
    no_fault(page)
    page.get_by_text("I cannot scan it").click()
    secret = page.locator("main code").inner_text()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_label("The six figures").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Open my account").click()
    recovery = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="Sign in").click()
    email = page.get_by_label("E-mail address")
    no_fault(page)
    email.fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code from your app").fill(recovery)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk")
    return page


@pytest.fixture(scope="module")
def desk(browser: Browser, program: Program) -> Iterator[Page]:
    link = invitation(program, EMAIL, "Sam Lee", "duty", "--council", "nottinghamshire")
    page = signed_in(browser, program, link, DESKTOP)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    assert problems == []


def reference(page: Page, before: str = "Your reference is") -> str:
    """The reference that the person was told."""
    told = page.locator("li.assistant", has_text=re.compile(f"{before} [A-Z0-9]{{6}}")).last
    found = re.search(f"{before} ([A-Z0-9]{{6}})", told.inner_text())
    assert found
    return found.group(1)


def asked_for_a_person(page: Page) -> None:
    """Through the form, by its quick replies."""
    page.get_by_role("button", name="Talk to a person").first.click()
    for choice in ("Stay in this chat", "Skip", "Yes, send it"):
        page.get_by_role("button", name=choice).click()


def test_two_people_talk_and_the_assistant_answers_again(browser: Browser, program: Program, desk: Page):
    page = open_page(browser, program, viewport=PHONE)
    begin(page)
    ask(page, "do i have to pay council tax, im 19")
    page.get_by_role("button", name="Talk to a person").first.click()
    page.get_by_role("button", name="Stay in this chat").click()
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Yes, send it").click()
    started = time.monotonic()
    case = desk.locator(f"#case-{reference(page)}")
    expect(case).to_be_visible(timeout=10_000)
    assert time.monotonic() - started < ON_THE_DESK
    no_fault(desk)
    passed_on = page.locator("li.handoff", has_text="Your reference is")
    expect(passed_on).to_contain_text("the duty team of Nottinghamshire")
    case.locator("a").click()
    expect(desk.locator("li.answer")).to_contain_text("Council Tax")
    desk.get_by_role("button", name="Take this case").click()
    expect(page.locator("li.handoff").last).to_contain_text("Sam is here now")
    desk.get_by_label("Start from").select_option(label="Hello")
    desk.get_by_role("button", name="Put it in").click()
    started = time.monotonic()
    desk.get_by_role("button", name="Send").click()
    expect(page.locator("li.staff")).to_contain_text("I am Sam from the duty team")
    assert time.monotonic() - started < SEEN
    expect(desk.locator(".seen")).to_have_text("Seen")
    page.get_by_label("Your question").fill("my bike was nicked")
    started = time.monotonic()
    page.keyboard.press("Enter")
    expect(desk.locator("li.person").last).to_contain_text("my bike was nicked")
    assert time.monotonic() - started < SEEN
    expect(page.locator(".seen")).to_have_text("Seen by the team")
    page.get_by_label("Your question").press_sequentially("and", delay=200)
    expect(desk.locator("#typing")).to_be_visible()
    desk.get_by_label("New note").fill("Ring the college about the bike.")
    desk.get_by_role("button", name="Keep this note").click()
    expect(desk.locator(".team-note")).to_contain_text("Ring the college")
    no_fault(desk)
    no_fault(page)
    desk.set_viewport_size(PHONE)
    no_fault(desk)
    desk.set_viewport_size(DESKTOP)
    desk.locator("summary", has_text="Close").click()
    desk.get_by_role("button", name="Close the case").click()
    desk.wait_for_url("**/desk")
    expect(page.locator("li.handoff").last).to_contain_text("I am the assistant again")
    page.get_by_label("Your question").fill("")
    ask(page, "how do i get it")
    expect(page.locator("li.answer").last).to_contain_text("Leaving Care team")
    assert "Ring the college" not in page.content()


def test_a_cry_for_help_comes_before_what_was_asked_earlier(browser: Browser, program: Program, desk: Page):
    first = open_page(browser, program)
    begin(first)
    asked_for_a_person(first)
    asked = reference(first)
    second = open_page(browser, program)
    begin(second)
    desk.goto(f"{program.url}/desk")
    ask(second, "i want to kill myself")
    cried = desk.locator("li.case.emergency", has_text=reference(second, "reference"))
    expect(cried).to_be_visible()
    order = desk.locator("li.case").evaluate_all("rows => rows.map(row => row.id)")
    assert order.index(cried.get_attribute("id")) < order.index(f"case-{asked}")
    expect(desk).to_have_title(f"({len(order)}) Duty desk")
    no_fault(desk)


def taken(browser: Browser, program: Program, desk: Page) -> tuple[Page, str]:
    """Somebody's chat, and the reference of their case, which the desk has open and has taken."""
    page = open_page(browser, program)
    begin(page)
    asked_for_a_person(page)
    known = reference(page)
    desk.goto(f"{program.url}/desk/cases/{known}")
    desk.get_by_role("button", name="Take this case").click()
    expect(desk.get_by_label("Your reply")).to_be_visible()
    return page, known


def test_who_has_a_case_open_hears_the_cry_in_it_and_of_every_other(browser: Browser, program: Program, desk: Page):
    desk.goto(f"{program.url}/desk")
    desk.get_by_role("button", name="Turn on sound and notices").click()
    expect(desk.get_by_role("button", name="Sound is on")).to_be_disabled()
    page, known = taken(browser, program, desk)
    expect(desk.get_by_role("button", name="Sound is on")).to_be_disabled()
    other = open_page(browser, program)
    begin(other)
    asked_for_a_person(other)
    expect(desk.get_by_role("list", name="Calls")).to_contain_text(f"Case {reference(other)} (routine) waits for an answer.")
    expect(desk).to_have_title(re.compile("●.*routine"))
    expect(desk.get_by_role("link", name=re.compile(r"Cases \d+ waiting"))).to_be_visible()
    page.get_by_label("Your question").fill("i want to kill myself")
    page.keyboard.press("Enter")
    expect(desk.locator("#changed")).to_contain_text("This case is an emergency now.")
    expect(desk.locator("h1")).to_contain_text("emergency")
    expect(desk).to_have_title(re.compile(f"{known}: emergency"))
    no_fault(desk)
    desk.set_viewport_size(PHONE)
    no_fault(desk)
    desk.set_viewport_size(DESKTOP)
    desk.reload()
    expect(desk.locator("h1")).to_contain_text("emergency")


def test_what_is_half_written_is_there_after_a_note_a_reload_and_signing_out_takes_it(
    browser: Browser, program: Program, desk: Page
):
    taken(browser, program, desk)
    reply = desk.get_by_label("Your reply")
    reply.fill("I will ring the coll")
    desk.get_by_label("New note").fill("Bike.")
    desk.get_by_role("button", name="Keep this note").click()
    expect(desk.locator(".team-note")).to_contain_text("Bike.")
    expect(reply).to_have_value("I will ring the coll")
    expect(desk.get_by_label("New note")).to_have_value("")
    desk.reload()
    expect(reply).to_have_value("I will ring the coll")
    desk.get_by_role("button", name="Send").click()
    expect(desk.locator("li.staff")).to_contain_text("I will ring the coll")
    expect(reply).to_have_value("")
    desk.reload()
    expect(reply).to_have_value("")


def test_words_typed_while_a_reply_is_on_its_way_stay_in_the_box(browser: Browser, program: Program, desk: Page):
    page, _ = taken(browser, program, desk)
    reply = desk.get_by_label("Your reply")

    def slowly(route):
        time.sleep(0.7)
        route.continue_()

    desk.route("**/reply?*", slowly)
    reply.fill("First.")
    desk.get_by_role("button", name="Send").click()
    reply.press_sequentially(" Second.")
    expect(desk.locator("li.staff")).to_contain_text("First.")
    expect(reply).to_have_value("Second.")
    desk.unroute("**/reply?*")
    desk.get_by_role("button", name="Send").click()
    expect(page.locator("li.staff .bubble")).to_have_text(["First.", "Second."])
    settle = desk.get_by_role("button", name="Nothing more to answer")
    expect(settle).to_be_hidden()
    page.get_by_label("Your question").fill("ok thanks")
    page.keyboard.press("Enter")
    settle.click()
    expect(desk.locator(".about-side .log").first).to_contain_text("no answer needed by Sam Lee")


def test_a_connection_that_is_lost_says_so_and_what_was_missed_is_there_when_it_is_back(
    browser: Browser, program: Program, desk: Page
):
    desk.goto(f"{program.url}/desk")
    expect(desk.get_by_role("heading", name="Waiting")).to_be_visible()
    desk.context.set_offline(True)
    expect(desk.get_by_role("alert")).to_contain_text("The connection is lost.")
    expect(desk).to_have_title(re.compile(r"\(!\)"))
    page = open_page(browser, program)
    begin(page)
    asked_for_a_person(page)
    case = desk.locator(f"#case-{reference(page)}")
    expect(case).to_have_count(0)
    desk.context.set_offline(False)
    expect(case).to_be_visible(timeout=20_000)
    expect(desk.locator("#away")).to_be_hidden()
    expect(desk.locator("#told")).to_contain_text(reference(page))


def test_a_chat_that_its_person_deletes_is_gone_from_the_page_that_shows_it(browser: Browser, program: Program, desk: Page):
    page, _ = taken(browser, program, desk)
    desk.get_by_label("New note").fill("Bike.")
    desk.get_by_role("button", name="Keep this note").click()
    expect(desk.locator(".team-note")).to_be_visible()
    page.goto(f"{program.url}/chat/delete")
    page.get_by_role("button", name="Delete it").click()
    expect(desk.locator("#changed")).to_contain_text("The person has deleted this chat.")
    expect(desk.locator("li.message, .team-note")).to_have_count(0)
    expect(desk.get_by_label("Your reply")).to_be_hidden()
    desk.get_by_role("link", name="Show the case again").click()
    expect(desk.locator(".chat-side .note")).to_contain_text("What was said is gone.")
    expect(desk.locator("#changed")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desk_is_readable_in_each_colour_scheme_and_at_four_hundred_percent(desk: Page, program: Program, scheme: str):
    desk.emulate_media(color_scheme=scheme)
    desk.set_viewport_size({"width": 320, "height": 256})
    for path in ("/desk", "/desk?view=closed", "/staff"):
        desk.goto(program.url + path)
        no_fault(desk)
        assert desk.evaluate("document.documentElement.scrollWidth") <= 320, path
    desk.set_viewport_size(DESKTOP)
