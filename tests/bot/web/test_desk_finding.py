"""Cases are found by words that stand in no address, and narrowed down by filters that stay in all of them."""

from __future__ import annotations

import csv
import io
import logging
import re
from html import unescape

import pytest

from bot.desk import cases
from bot.staff.model import Role
from bot.web.keys import AUDIT, DESK
from tests.bot.desk.office import CITY, COUNTY
from tests.bot.web.test_desk import counts, listed
from tests.bot.web.worker import arrive, hire, until

WORD = "xylophone"


@pytest.fixture
async def sam(client):
    return hire(client, "Sam Lee")


@pytest.fixture
def comes(client, engine):
    """Somebody who writes something and asks for a person; the case's reference."""

    async def come(text: str = "hello", authority: str | None = CITY, **wanted: str) -> str:
        person = await arrive(client, engine, authority)
        await person.says(text)
        return await person.asks(**wanted)

    return come


def links(page: str) -> dict[str, str]:
    """Addresses by what the link says, without its count."""
    found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return {re.sub(r"<span.*", "", said, flags=re.DOTALL).strip(): unescape(address) for address, said in found}


def fields(page: str) -> list[str]:
    return re.findall(r'<select name="(\w+)"', page)


def typed(page: str) -> str:
    return unescape(re.search(r'name="words" value="([^"]*)"', page)[1])


# searching


async def test_words_are_found_with_a_form_and_stand_in_no_address_title_or_log(client, sam, comes, caplog):
    caplog.set_level(logging.DEBUG)
    reference = await comes(f"my {WORD} broke")
    await comes("my flat")
    response = await sam.post("/desk/search", words=f" {WORD.upper()} broke ")
    page = await response.text()
    assert (response.status, response.url.path) == (200, "/desk")
    assert listed(page) == [reference]
    assert "1 case has these words" in page
    assert typed(page) == f"{WORD.upper()} broke"
    addresses = [str(each.url) for each in (*response.history, response)] + re.findall(r'(?:href|action)="([^"]*)"', page)
    assert len(addresses) > 10
    for told in (*addresses, re.search(r"<title>.*</title>", page)[0], caplog.text):
        assert WORD not in told.lower()
    assert "/desk/search" in caplog.text


async def test_what_was_found_is_there_again_after_looking_at_a_case(sam, comes):
    reference = await comes(f"my {WORD} broke")
    response = await sam.post("/desk/search", words=WORD)
    await sam.page(f"/desk/cases/{reference}")
    assert await sam.page(str(response.url.relative())) == await response.text()


async def test_a_search_is_in_the_audit_once_without_its_words(client, sam, comes):
    await comes(f"my {WORD} broke")
    response = await sam.post("/desk/search", words=WORD)
    await sam.page(str(response.url.relative()))
    [row] = client.app[AUDIT].search(what="cases searched")
    assert (row.member, row.authority, row.detail) == (sam.member.id, CITY, "1 found")
    assert WORD not in repr(client.app[AUDIT].search())


async def test_nothing_is_found_of_another_council_nor_with_anothers_key(client, sam, comes):
    theirs = await comes(f"my {WORD} broke", COUNTY)
    assert "No case that you may see has these words." in await (await sam.post("/desk/search", words=WORD)).text()
    cora = hire(client, "Cora Day", authority=COUNTY)
    found = await cora.post("/desk/search", words=WORD)
    assert listed(await found.text()) == [theirs]
    for address in (str(found.url.relative()), "/desk?found=nonsense", "/desk?found=%00"):
        response = await sam.get(address)
        page = await response.text()
        assert (response.status, listed(page), typed(page)) == (410, [], "")
        assert "This search is not kept any more. Please type it again." in page


@pytest.mark.parametrize("words", ["", "\x00", 'a "quoted" <b>word</b> and another ' * 4])
async def test_what_cannot_be_searched_for_is_refused_and_stays_in_the_field(sam, words):
    response = await sam.post("/desk/search", words=words)
    page = await response.text()
    assert response.status == 422
    assert re.search(r'role="alert">[A-Z][^<]+\.</p>', page)
    assert typed(page) == words


async def test_an_address_with_words_by_hand_searches_nothing(client, sam, comes):
    reference = await comes()
    assert listed(await sam.page(f"/desk?search={WORD}&words={WORD}")) == [reference]
    assert client.app[AUDIT].search(what="cases searched") == []


# filtering


async def test_a_filter_stays_in_the_views_and_pages_and_is_cleared_with_one_link(sam, comes, monkeypatch):
    monkeypatch.setattr(cases, "PAGE", 1)
    calls = {await comes(way="call", phone="07700 900123") for _ in range(2)}
    await comes()
    page = await sam.page("/desk?view=waiting&way=call&unread=yes&page=1&urgency=&reason=nonsense")
    assert "Only these are listed: answer wanted by call, unread." in page
    there = links(page)
    second = await sam.page(there["More cases"])
    assert {*listed(page), *listed(second)} == calls
    assert "More cases" not in links(second)
    assert there["Closed"] == "/desk?view=closed&way=call&unread=yes"
    assert there["Show all"] == "/desk?view=waiting"
    assert "Only these" not in await sam.page(there["Show all"])
    assert "No case matches this filter." in await sam.page(there["Closed"])
    assert counts(page)["waiting"] == 3


async def test_what_was_found_is_filtered_and_paged_too(sam, comes, monkeypatch):
    monkeypatch.setattr(cases, "PAGE", 1)
    chats = [await comes(f"my {WORD}", way="text", phone="07700 900123"), await comes(f"my {WORD}"), await comes(f"{WORD}s")]
    found = await sam.post("/desk/search", words=WORD)
    there = links(await found.text())
    assert listed(await found.text()) == chats[2:]
    assert listed(await sam.page(there["More cases"])) == chats[1:2]
    page = await sam.page(f"{found.url.relative()}&way=text")
    assert listed(page) == chats[:1]
    assert links(page)["Show all"] == str(found.url.relative())
    assert links(page)["Waiting"] == "/desk?view=waiting&way=text"


async def test_a_case_leads_back_to_the_list_that_it_was_opened_from(sam, comes):
    reference = await comes(way="call", phone="07700 900123")
    filtered = "/desk?view=waiting&way=call"
    case = re.search(rf'href="(/desk/cases/{reference}[^"]*)"', await sam.page(filtered))[1]
    taken = await sam.post(
        re.search(r'action="([^"]*/take\?[^"]*)"', await sam.page(unescape(case)))[1].replace("&amp;", "&")
    )
    assert str(taken.url.relative()) == f"/desk/cases/{reference}?view=waiting&way=call"
    page = await taken.text()
    assert links(page)["Back to the list"] == filtered
    closing = unescape(re.search(r'action="([^"]*/close[^"]*)"', page)[1])
    closed = await sam.post(closing, outcome="helped")
    assert str(closed.url.relative()) == filtered
    invented = await sam.page(f"/desk/cases/{reference}?view=nonsense&way=//evil.example&next=//evil.example")
    assert links(invented)["Back to the list"] == "/desk"


async def test_only_what_one_can_choose_between_is_offered_and_taken(client, sam, comes):
    pat, ada = hire(client, "Pat Poe", Role.PA), hire(client, "Ada Min", Role.ADMIN)
    reference, county = await comes(), await comes(authority=COUNTY)
    common = ["urgency", "reason", "way"]
    assert fields(await sam.page("/desk")) == [*common, "whose"]
    assert fields(await pat.page("/desk")) == common
    assert fields(await ada.page("/desk")) == [*common, "whose", "council"]
    assert listed(await ada.page(f"/desk?council={COUNTY}")) == [county]
    for given in (f"council={COUNTY}", "whose=9999", "whose=x", "urgency=%00", "unread=no", "way=CALL"):
        assert listed(await sam.page(f"/desk?{given}")) == [reference], given
    assert listed(await sam.page(f"/desk?whose={pat.member.id}")) == []


async def test_the_form_shows_what_is_chosen(sam, comes):
    await comes()
    page = await sam.page("/desk?view=mine&reason=danger&unread=yes")
    assert '<option value="danger" selected>' in page
    assert 'name="unread" value="yes" checked>' in page
    assert '<input type="hidden" name="view" value="mine">' in page
    assert 'data-filter="view=mine&amp;reason=danger&amp;unread=yes"' in page


async def test_an_open_desk_hears_whether_a_case_matches_its_filter(client, sam, comes):
    plain, calls, unread = [await sam.socket(f"/desk/events{query}") for query in ("", "?way=call", "?unread=yes")]
    reference = await comes(way="call", phone="07700 900123")
    for socket in (plain, calls, unread):
        assert (await until(socket, type="case"))["matches"] is True
    client.app[DESK].desks.changed(client.app[DESK].cases.case(sam.member, reference).escalation.id)
    assert (await until(unread, type="case"))["matches"] is True
    last = re.search(r'data-last="(\d+)"', await sam.page(f"/desk/cases/{reference}"))[1]
    chat = await sam.chat(reference)
    await chat.send_json({"type": "seen", "id": int(last)})
    assert (await until(unread, matches=False))["reference"] == reference
    other = await comes()
    assert (await until(calls, reference=other))["matches"] is False
    news = await until(plain, reference=other)
    assert (news["matches"], news["views"], news["counts"]["waiting"]) == (True, ["waiting"], 2)


# ratings


async def test_closed_cases_show_what_people_said_of_the_help_and_so_does_the_export(client, engine, sam):
    for helpful in (True, True, False, None):
        person = await arrive(client, engine)
        case = f"/desk/cases/{await person.asks()}"
        await sam.post(f"{case}/take")
        await sam.post(f"{case}/close", outcome="helped")
        last = (await person.transcript())[-1]["id"]
        rated = {"message_id": last, "helpful": helpful, "comment": WORD}
        await client.post(f"{person.url}/feedback", json=rated, headers=person.auth)
    page = await sam.page("/desk?view=closed")
    assert [page.count("rated helpful"), page.count("rated not helpful")] == [2, 1]
    assert "2 of 3 who told us were helped, last 30 days." in page
    assert "told us" not in await sam.page("/desk")
    table = await (await sam.get("/desk/export.csv")).text()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert sorted(row["rating"] for row in rows) == ["", "helpful", "helpful", "not helpful"]
    assert WORD not in table + page
