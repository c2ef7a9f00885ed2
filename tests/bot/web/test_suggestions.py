"""From a message in a case to a published example, with plain pages; and from a draft to files that can be published."""

from __future__ import annotations

import re
from html import unescape

import pytest
import yaml

from bot.desk.suggestions import Kind
from bot.staff.model import Role
from bot.web.keys import AUDIT, SETTINGS, SUGGESTIONS
from bot.web.suggestions import SHOWN
from content import editor, loader, seed
from content.database import Database
from content.library import Library
from tests.bot.desk.office import COUNTY
from tests.bot.web.worker import arrive, hire, until

ASKED, ANSWERED = "am jo, can i <b>ride</b> the bus for free", "Hi Jo. Yes, ask for the form."
QUESTION, ANSWER = "can i ride the bus for free?", 'Yes: "free"\n\n# Ask for the {{ form }} 🚌 <i>'
EXAMPLE = {"kind": "example", "question": QUESTION, "entry": "travel-pass", "clean": "yes"}
DRAFT = {"kind": "entry", "question": QUESTION, "answer": ANSWER, "clean": "yes"}
WAITING = "/editor/suggestions"


@pytest.fixture
async def sam(client):
    return hire(client, "Sam Lee")


@pytest.fixture
async def edi(client):
    return hire(client, "Edi Tor", Role.EDITOR)


@pytest.fixture
async def person(client, engine):
    return await arrive(client, engine)


@pytest.fixture
async def case(sam, person):
    """The address of a case in which the young person has asked something and Sam has answered."""
    case = f"/desk/cases/{await person.asks()}"
    await sam.post(f"{case}/take")
    await person.says(ASKED)
    await sam.post(f"{case}/reply", text=ANSWERED, client_message_id="a1")
    return case


def links(page: str) -> dict[str, str]:
    """The address behind each message that can be suggested, by what it says."""
    found = {}
    for message in re.findall(r"<li id=.*?</li>", page, re.DOTALL):
        text = unescape(re.sub(r"<[^>]+>", "", re.search(r'class="bubble">(.*?)</div>', message, re.DOTALL)[1])).strip()
        found.update((text, unescape(address)) for address in re.findall(r'href="([^"]+/suggest\?[^"]+)"', message))
    return found


def fields(page: str) -> dict[str, str]:
    """What the form holds."""
    texts = {
        name: unescape(text) for name, text in re.findall(r'<textarea id="(\w+)" name.*?>(.*?)</textarea>', page, re.DOTALL)
    }
    chosen = re.search(r'<option value="([^"]+)" selected>', page)
    kind = re.search(r'value="(\w+)"[^>]* checked> (?:Another|Something)', page)
    return {**texts, "entry": chosen[1] if chosen else "", "kind": kind[1] if kind else ""}


def alert(page: str) -> str:
    return unescape(re.search(r'role="alert">([^<]*)<', page)[1])


def questions(client, entry: str = "travel-pass") -> tuple[str, ...]:
    with Database(client.app[SETTINGS].storage.database_url) as database:
        return Library(database).shelf.entry(entry).questions


# the form


async def test_what_the_two_people_wrote_can_be_suggested_and_what_the_assistant_said_cannot(sam, case):
    assert list(links(await sam.page(case))) == ["a person please", ASKED, ANSWERED]
    socket = await sam.socket(f"{case}/events?after=0")
    pieces = [(await socket.receive_json(timeout=1))["html"]]
    while ANSWERED not in pieces[-1]:
        pieces.append((await until(socket, type="message"))["html"])
    assert [text for piece in pieces for text in links(piece)] == ["a person please", ASKED, ANSWERED]


async def test_the_form_holds_the_message_and_for_a_reply_the_question_before_it(sam, person, case):
    await person.says("thank you")
    addresses = links(await sam.page(case))
    page = await sam.page(addresses[ASKED])
    assert "Take out names, places, dates and anything else that could tell who it was." in page
    assert fields(page) == {"kind": "example", "question": ASKED, "answer": "", "entry": ""}
    assert re.search(r'name="clean" value="yes" required>', page)
    assert fields(await sam.page(addresses[ANSWERED])) == {
        "kind": "entry", "question": ASKED, "answer": ANSWERED, "entry": "",
    }  # fmt: skip


async def test_there_is_a_form_for_messages_of_this_case_alone(client, engine, sam, person, case):
    addresses = links(await sam.page(case))
    other = await arrive(client, engine)
    await other.asks()
    assistants = next(each["id"] for each in await person.transcript() if each["author"] == "assistant")
    theirs = next(each["id"] for each in await other.transcript() if each["author"] == "person")
    for query in ("", "?message=", "?message=x", "?message=0", f"?message={assistants}", f"?message={theirs}"):
        assert (await sam.get(f"{case}/suggest{query}")).status == 404, query
    await client.delete(person.url, headers=person.auth)
    assert (await sam.get(addresses[ASKED])).status == 404
    response = await sam.post(f"{case}/suggest", **EXAMPLE)
    assert (response.status, "has deleted this chat" in alert(await response.text())) == (422, True)


async def test_who_opens_the_form_has_looked_at_the_case(client, sam, case):
    address = links(await sam.page(case))[ASKED]
    reference = case.rpartition("/")[2]
    before = len(client.app[AUDIT].search(subject=reference, what="case saw"))
    await sam.page(address)
    assert len(client.app[AUDIT].search(subject=reference, what="case saw")) == before + 1


@pytest.mark.parametrize(
    "form",
    [
        {**EXAMPLE, "clean": ""},
        {**EXAMPLE, "entry": ""},
        {**EXAMPLE, "entry": "no-such-entry"},
        {**EXAMPLE, "question": " "},
        {**EXAMPLE, "question": "x <b>" * 100},
        {**DRAFT, "answer": ""},
        {**DRAFT, "answer": "y <b>\n" * 1000},
        {},
    ],
)
async def test_what_is_refused_stays_in_the_form_with_the_reason(client, sam, case, form):
    response = await sam.post(f"{case}/suggest", **form)
    page = await response.text()
    assert response.status == 422
    assert re.fullmatch(r"[A-Z].+\.", alert(page))
    kept = fields(page)
    assert (kept["question"], kept["answer"]) == (form.get("question", ""), form.get("answer", ""))
    assert kept["kind"] == form.get("kind", "")
    assert client.app[SUGGESTIONS].counts() == {}


# the editors' list


async def test_an_example_goes_from_the_case_into_the_content(client, sam, edi, case):
    page = await (await sam.post(f"{case}/suggest", **EXAMPLE)).text()
    assert re.search(r'role="status">Thank you\.', page)
    assert f'href="{case}"' in page
    page = await edi.page(WAITING)
    assert "Another way of asking for “Free or cheaper travel”" in page
    assert re.search(r"<blockquote[^>]*>can i ride the bus for free\?</blockquote>", page)
    assert case.rpartition("/")[2] not in page
    response = await edi.post(f"{WAITING}/1/use")
    page = await response.text()
    assert (response.status, response.url.path) == (200, WAITING)
    assert "Published." in page
    assert "Nothing waits for you." in page
    assert questions(client)[-1] == QUESTION
    response = await edi.post(f"{WAITING}/1/use")
    assert (response.status, "decided about this suggestion already" in alert(await response.text())) == (409, True)
    assert questions(client).count(QUESTION) == 1


async def test_what_is_done_or_not_needed_goes_from_the_list(client, sam, edi, case):
    before = questions(client)
    for form in (DRAFT, EXAMPLE):
        await sam.post(f"{case}/suggest", **form)
    page = await edi.page(WAITING)
    assert re.findall(rf'action="{WAITING}/(\d+/\w+)"', page) == ["1/done", "1/dismiss", "2/use", "2/dismiss"]
    assert "Noted: it is in the content." in await (await edi.post(f"{WAITING}/1/done")).text()
    page = await (await edi.post(f"{WAITING}/2/dismiss")).text()
    assert "Dismissed." in page
    assert "Nothing waits for you." in page
    assert questions(client) == before


async def test_an_address_that_says_what_was_done_says_nothing_else(edi):
    assert "<b>" not in await edi.page(f"{WAITING}?done=<b>")


async def test_who_decides_sees_how_many_wait_on_every_page(client, sam, edi, case):
    ada, coe = hire(client, "Ada Min", Role.ADMIN), hire(client, "Coe Ty", Role.EDITOR, COUNTY)

    async def told(worker, path: str) -> list[str]:
        page = await worker.page(path)
        return re.findall(rf'<a href="{WAITING}">(.*?)</a>', page)

    assert await told(ada, "/desk") == ["Suggestions"]
    await sam.post(f"{case}/suggest", **EXAMPLE)
    waits = ['Suggestions <span class="count">1</span><span class="hidden"> waiting</span>']
    assert await told(ada, "/desk") == await told(ada, "/staff/people") == await told(edi, "/staff") == waits
    assert await told(coe, "/staff") == ["Suggestions"]
    assert await told(sam, "/desk") == []
    await edi.post(f"{WAITING}/1/dismiss")
    assert await told(ada, "/desk") == ["Suggestions"]


async def test_of_many_the_oldest_are_shown(client, sam, edi, case):
    for number in range(SHOWN + 1):
        client.app[SUGGESTIONS].make(
            sam.member, case.rpartition("/")[2], Kind.ENTRY, f"question {number}", answer="An answer.", is_clean=True
        )
    page = await edi.page(WAITING)
    assert page.count('<li id="suggestion-') == SHOWN
    assert f"{SHOWN + 1} wait. These are the oldest {SHOWN}." in page
    assert f"question {SHOWN}<" not in page


# a draft becomes two files


def files(page: str) -> dict[str, str]:
    """The files that the page offers, by where they are to be saved."""
    found = re.findall(r'<label for="([\w-]+)">([^<]+[.]yml)</label>', page)
    return {
        place: unescape(re.search(rf'<textarea id="{id}"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1]) for id, place in found
    }


def filled_in(text: str, *values: str) -> str:
    """The file with a value in each place that is marked."""
    left = iter(values)
    return re.sub(r"(?m)^( *[\w-][^#\n]*?)(?:\[\])? *# FILL IN.*$", lambda place: f"{place[1]} {next(left)}", text)


@pytest.mark.parametrize(("council", "scope"), [("nottinghamshire", []), (None, ["everywhere"])])
async def test_a_drafts_files_are_published_as_the_page_says_once_they_are_filled_in(
    client, engine, tmp_path, council, scope
):
    ada, person = hire(client, "Ada Min", Role.ADMIN), await arrive(client, engine, council)
    await ada.post(f"/desk/cases/{await person.asks()}/suggest", **DRAFT)
    offered = {place.replace("NAME", "free-bus"): text for place, text in files(await ada.page(WAITING)).items()}
    entry, entitlement = offered
    assert (entry, entitlement) == ("entries/free-bus.yml", f"{council or 'england'}/free-bus.yml")
    values = {
        entry: ["Free buses", "Free buses", "free buses", "money", "[council-tax]", "one way", "another way"],
        entitlement: [*scope, "may", "A page", "A council", '"2027-05-22"'],
    }
    (tmp_path / "entries").mkdir()
    (tmp_path / (council or "england")).mkdir()
    with Database(client.app[SETTINGS].storage.database_url) as database:
        for place, text in offered.items():
            (tmp_path / place).write_text(filled_in(text, *values[place]), encoding="utf-8")
        documents = [seed.read_one(tmp_path / place) for place in offered]
        for each in documents:
            with pytest.raises(editor.EditRefused):
                editor.publish_all(database, [each], author="Ada Min")
        editor.publish_all(database, documents, author="Ada Min")
        loader.load(database)
        shelf = Library(database).shelf
    assert shelf.entry("free-bus").questions == (QUESTION, "one way", "another way")
    assert shelf.entitlements[council or "england", "free-bus"].lead == " ".join(ANSWER.split())


async def test_each_place_that_is_marked_must_be_filled_in(client, engine):
    ada, person = hire(client, "Ada Min", Role.ADMIN), await arrive(client, engine, None)
    await ada.post(f"/desk/cases/{await person.asks()}/suggest", **DRAFT)
    for kind, text in zip(("entry", "entitlement"), files(await ada.page(WAITING)).values(), strict=True):
        missing = {path for path, _ in seed.schema_faults(kind, yaml.safe_load(text))} - {("questions",)}
        marked = re.findall(r"(?m)^ *[\w-][^#\n]*# FILL IN", text)
        assert len(missing) == len(marked) > 3


@pytest.mark.parametrize(
    "text", ["a: b # c", "- 'x' \"y\"", "\\n", "*&!%@`", "null", "a\u2028b", "\ufeffx", "é 🚌", "</textarea>"]
)
async def test_whatever_staff_write_the_files_say_the_same(sam, edi, case, text):
    await sam.post(f"{case}/suggest", **{**DRAFT, "question": f"x {text}", "answer": f"{text} y"})
    entry, entitlement = (yaml.safe_load(each) for each in files(await edi.page(WAITING)).values())
    assert entry["questions"][0] == " ".join(f"x {text}".split())
    assert entitlement["lead"] == " ".join(f"{text} y".split())


# all of them


async def test_no_page_is_kept_or_runs_what_stands_in_it(sam, edi, case):
    for form in (DRAFT, EXAMPLE):
        await sam.post(f"{case}/suggest", **form)
    for worker, path in ((sam, case), (sam, links(await sam.page(case))[ANSWERED]), (edi, WAITING)):
        response = await worker.get(path)
        page = await response.text()
        assert response.headers["Cache-Control"] == "no-store"
        assert not re.findall(r"<(?:script|style)[^>]*>[^<]| style=| on\w+=", page)
        assert not re.findall(r'(?:src|srcset|action)="(?:https?:)?//', page)
