"""The duty desk works as plain pages, hears of what is new at once, and shows the person nothing that is the team's."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from datetime import datetime, timedelta
from html import unescape

import pytest

from bot.conversations.model import Author
from bot.staff.model import Role
from bot.web.keys import ACCOUNTS, AUDIT, DESK, SERVICE
from content.hours import ENGLISH_TIME
from tests.bot.desk.office import CITY, COUNTY
from tests.bot.web.worker import HTML, OWN, arrive, end_of, hire, until

PIECE = {"X-Chat-Piece": "1"}
CRY = "i want to kill myself"
NOTE, REPLY = "xylophone", "zeppelin"


@pytest.fixture
async def sam(client):
    return hire(client, "Sam Lee")


@pytest.fixture
async def dana(client):
    return hire(client, "Dana Fox")


@pytest.fixture
async def person(client, engine):
    return await arrive(client, engine)


@pytest.fixture
async def reference(person):
    return await person.asks()


@pytest.fixture
async def case(sam, reference):
    """The address of a case that Sam has taken."""
    await sam.post(f"/desk/cases/{reference}/take")
    return f"/desk/cases/{reference}"


def listed(page: str) -> list[str]:
    return re.findall(r'<li id="case-(\w+)"', page)


def counts(page: str) -> dict[str, int]:
    return {view: int(count) for view, count in re.findall(r'class="count" data-view="(\w+)">(\d+)<', page)}


def typed(page: str, id: str) -> str:
    return unescape(re.search(rf'<textarea[^>]*id="{id}"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1])


# pages without a script


async def test_a_case_is_taken_answered_noted_and_closed_with_forms_alone(sam, person, reference):
    case = f"/desk/cases/{reference}"
    assert listed(await sam.page("/desk")) == [reference]
    page = await (await sam.post(f"{case}/take")).text()
    assert "You have this case." in page
    assert "A person answers in the chat." in page
    page = await (await sam.post(f"{case}/reply", text="I am <b>Sam</b>.", client_message_id="a1")).text()
    assert "I am &lt;b&gt;Sam&lt;/b&gt;." in page
    assert NOTE in await (await sam.post(f"{case}/note", text=NOTE)).text()
    response = await sam.post(f"{case}/close", outcome="helped")
    assert (response.status, response.url.path) == (200, "/desk")
    assert listed(await sam.page("/desk?view=closed")) == [reference]
    page = await sam.page(case)
    assert "Closed: helped." in page
    for what in ("opened", "taken by Sam Lee", "replied by Sam Lee", "noted by Sam Lee", "closed by Sam Lee: helped"):
        assert what in page
    said = [(each["author"], each.get("name"), each["text"]) for each in await person.transcript()]
    assert ("staff", "Sam", "I am <b>Sam</b>.") in said
    assert "You have this case." in await (await sam.post(f"{case}/reopen")).text()


async def test_a_case_is_handed_to_a_colleague_put_off_given_back_and_taken_over(client, sam, dana, case):
    away = hire(client, "Ava Way")
    client.app[ACCOUNTS].set_away(away.member.id, True)
    page = await sam.page(case)
    assert re.findall(r'<option value="(\d+|team)"', page) == ["team", str(dana.member.id)]
    assert (await sam.post(f"{case}/hand", to=str(dana.member.id))).url.path == "/desk"
    assert "It is meant for Dana Fox." in await sam.page(case)
    await dana.post(f"{case}/take")
    await dana.post(f"{case}/snooze", **{"for": "a day"})
    assert "Dana Fox has put it off until" in await sam.page(case)
    assert counts(await dana.page("/desk")) == {"waiting": 0, "mine": 0, "others": 0, "snoozed": 1}
    refused = await sam.post(f"{case}/take")
    assert (refused.status, "Dana Fox has this case. You can take it over." in await refused.text()) == (409, True)
    assert "Take it over from Dana Fox" in await sam.page(case)
    assert "You have this case." in await (await sam.post(f"{case}/take-over")).text()
    assert "The assistant answers in the chat." in await (await sam.post(f"{case}/give-back")).text()
    assert (await sam.post(f"{case}/hand", to="team")).url.path == "/desk"
    assert "<strong>Nobody has taken it.</strong>" in await sam.page(case)


async def test_a_case_is_put_off_until_a_day_and_a_time_in_english_time(client, sam, case):
    there = (datetime.now(ENGLISH_TIME) + timedelta(days=3)).replace(hour=9, minute=30, second=0, microsecond=0)
    await sam.post(f"{case}/snooze", **{"for": "an hour", "until": there.strftime("%Y-%m-%dT%H:%M")})
    until = client.app[DESK].cases.case(sam.member, case.rpartition("/")[2]).escalation.snoozed_until
    assert until == there
    assert there.strftime("until %-d %B, 09:30") in await sam.page(case)


async def test_the_queue_shows_each_view_its_count_and_what_is_new(client, engine, sam, person, reference):
    other = await arrive(client, engine)
    await other.says(CRY)
    page = await sam.page("/desk")
    assert len(listed(page)) == 2
    assert listed(page)[1] == reference
    assert counts(page)["waiting"] == 2
    assert "1 new" in page
    assert listed(await sam.page("/desk?view=nonsense")) == listed(page)
    assert "kill" not in page


@pytest.mark.parametrize("words", ["x" * 5001, 'line one\nline <two> & "three"\n' * 400])
async def test_a_reply_that_is_refused_stays_in_the_box_with_the_reason(sam, case, words):
    response = await sam.post(f"{case}/reply", text=words, client_message_id="a1")
    page = await response.text()
    assert response.status == 409
    assert "A reply can have up to 5,000 characters." in page
    assert typed(page, "text").strip() == words.strip()


async def test_a_reply_that_a_colleague_came_before_is_still_there_to_copy(sam, dana, person, case):
    await dana.post(f"{case}/take-over")
    response = await sam.post(f"{case}/reply", text="what i had <typed>", client_message_id="a1")
    page = await response.text()
    assert response.status == 409
    assert "Take this case first" in page
    assert typed(page, "words") == "what i had <typed>"
    assert "what i had" not in repr(await person.transcript())
    assert typed(await sam.page(case), "words") == ""


async def test_a_note_that_is_refused_stays_in_its_box_and_out_of_the_replys(sam, case):
    response = await sam.post(f"{case}/note", text="y" * 10_001)
    page = await response.text()
    assert response.status == 409
    assert typed(page, "note") == "y" * 10_001
    assert typed(page, "text") == ""


async def test_a_form_that_is_sent_twice_is_one_message(sam, person, case):
    id = re.search(r'name="client_message_id" value="(\w+)"', await sam.page(case))[1]
    for _ in range(2):
        response = await sam.post(f"{case}/reply", text="only once", client_message_id=id)
        assert response.status == 200
    assert [each["text"] for each in await person.transcript()].count("only once") == 1


@pytest.mark.parametrize(
    ("act", "form"),
    [
        ("hand", {"to": ""}),
        ("hand", {"to": "x"}),
        ("hand", {"to": "99999"}),
        ("hand", {"to": "9" * 30}),
        ("hand", {"to": "٣"}),
        ("snooze", {"for": "ever"}),
        ("snooze", {"for": "an hour", "until": "next Monday"}),
        ("snooze", {"for": "an hour", "until": "2020-01-01T09:00"}),
        ("close", {"outcome": "bored"}),
        ("reopen", {}),
        ("note", {"text": " "}),
        ("reply", {}),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_sentence_and_changes_nothing(client, sam, case, act, form):
    before = client.app[DESK].cases.case(sam.member, case.rpartition("/")[2])
    response = await sam.post(f"{case}/{act}", **form)
    assert response.status == 409
    assert re.search(r'role="alert">[A-Z][^<]+\.</p>', await response.text())
    assert client.app[DESK].cases.case(sam.member, case.rpartition("/")[2]) == before


async def test_the_script_gets_new_messages_alone_and_a_refusal_as_a_refusal(client, sam, dana, case):
    headers = {**OWN, **PIECE, **sam.cookie}
    last = re.search(r'data-last="(\d+)"', await sam.page(case))[1]
    form = {"text": "hello", "client_message_id": "a1"}
    response = await client.post(f"{case}/reply?after={last}", data=form, headers=headers)
    piece = await response.text()
    assert (response.status, piece.count("<li id="), "<html" in piece) == (200, 1, False)
    assert await (await sam.get(f"{case}/messages?after={last}")).text() == piece
    await dana.post(f"{case}/take-over")
    response = await client.post(f"{case}/reply", data={"text": "more", "client_message_id": "a2"}, headers=headers)
    assert response.status == 409


async def test_how_to_reach_somebody_is_on_the_page_and_gone_with_the_chat(client, sam, person):
    reference = await person.asks(way="call", phone="07700 900123", good_time="after six", about="my <flat>")
    page = await sam.page(f"/desk/cases/{reference}")
    for shown in ("a call", 'href="tel:07700900123"', "after six", "my &lt;flat&gt;"):
        assert shown in page
    await sam.post(f"/desk/cases/{reference}/take")
    await sam.post(f"/desk/cases/{reference}/note", text=NOTE)
    await client.delete(person.url, headers=person.auth)
    page = await sam.page(f"/desk/cases/{reference}")
    assert "The person has deleted this chat." in page
    for gone in ("07700", "after six", "flat", NOTE, "a person please"):
        assert gone not in page
    response = await sam.post(f"/desk/cases/{reference}/reply", text="hi", client_message_id="a1")
    assert (response.status, "has deleted this chat" in await response.text()) == (409, True)
    assert (await sam.post(f"/desk/cases/{reference}/close", outcome="no reply")).url.path == "/desk"


async def test_whoever_reads_a_chat_by_page_piece_or_socket_is_in_the_audit(client, sam, reference):
    def seen() -> int:
        return len(client.app[AUDIT].search(subject=reference, what="case saw", member=sam.member.id))

    await sam.page(f"/desk/cases/{reference}")
    assert seen() == 1
    await sam.get(f"/desk/cases/{reference}/messages")
    assert seen() == 2
    socket = await sam.socket(f"/desk/cases/{reference}/events")
    assert await until(socket, type="message")
    assert seen() == 3


# sockets


async def test_a_new_case_reaches_an_open_desk_within_a_second(client, engine, sam):
    cora = hire(client, "Cora Day", authority=COUNTY)
    desk, other = await sam.socket("/desk/events"), await cora.socket("/desk/events")
    for socket in (desk, other):
        assert (await socket.receive_json(timeout=1))["type"] == "ready"
    person, county = await arrive(client, engine, CITY), await arrive(client, engine, COUNTY)
    reference = await person.asks()
    news = await desk.receive_json(timeout=1)
    assert {name: news[name] for name in ("type", "reference", "views", "urgency")} == {
        "type": "case", "reference": reference, "views": ["waiting"], "urgency": "routine",
    }  # fmt: skip
    assert news["counts"] == {"waiting": 1, "mine": 0, "others": 0, "snoozed": 0}
    assert listed(news["html"]) == [reference]
    assert "a person please" not in repr(news)
    theirs = await county.asks()
    assert (await other.receive_json(timeout=1))["reference"] == theirs


async def test_a_cry_for_help_reaches_an_open_desk_within_a_second_as_an_emergency(sam, person):
    desk = await sam.socket("/desk/events")
    assert await until(desk, type="ready")
    await person.says(CRY)
    news = await desk.receive_json(timeout=1)
    assert (news["urgency"], news["views"]) == ("emergency", ["waiting"])
    assert "kill" not in repr(news)


async def test_what_a_colleague_does_is_shown_on_every_open_desk(sam, dana, person, reference):
    queue, chat = await dana.socket("/desk/events"), await dana.chat(reference)
    await sam.post(f"/desk/cases/{reference}/take")
    news = await until(queue, type="case")
    assert (news["views"], news["counts"]["others"]) == (["others"], 1)
    assert await until(chat, type="changed", status="open")
    assert await until(chat, type="changed") == {
        "type": "changed", "holder": "Sam Lee", "status": "taken", "urgency": "routine", "rank": 2,
        "unanswered": False, "deleted": False,
    }  # fmt: skip
    await sam.post(f"/desk/cases/{reference}/close", outcome="helped")
    assert (await until(queue, views=["closed"]))["reference"] == reference


async def test_messages_go_both_ways_over_the_sockets(sam, person, case, reference):
    mine, theirs = await sam.chat(reference), await person.chat()
    await sam.post(f"{case}/reply", text=REPLY, client_message_id="a1")
    assert REPLY in (await until(mine, type="message"))["html"]
    message = (await until(theirs, type="message"))["message"]
    assert (message["author"], message["name"], message["text"]) == ("staff", "Sam", REPLY)
    await person.says("thank you")
    assert "thank you" in (await until(mine, type="message"))["html"]
    assert (await until(theirs, type="message"))["message"]["text"] == "thank you"


async def test_what_was_missed_comes_first_and_once(sam, person, case):
    await person.says("one")
    await person.says("two")
    transcript = await person.transcript()
    socket = await sam.socket(f"{case}/events?after={transcript[-2]['id']}")
    assert (await socket.receive_json(timeout=1))["id"] == int(transcript[-1]["id"])
    await person.says("three")
    assert "three" in (await until(socket, type="message"))["html"]


async def test_that_somebody_writes_goes_both_ways_while_a_person_is_there(sam, person, case, reference):
    mine, theirs = await sam.chat(reference), await person.chat()
    await mine.send_json({"type": "typing"})
    assert await until(theirs, type="typing")
    await theirs.send_json({"type": "typing"})
    assert await until(mine, type="typing")


async def test_nobody_is_told_that_they_write_or_read_themselves(sam, dana, person, case, reference):
    mine, colleague, theirs, phone = (
        await sam.chat(reference),
        await dana.chat(reference),
        await person.chat(),
        await person.chat(),
    )
    last = (await person.transcript())[-1]["id"]
    await theirs.send_json({"type": "typing"})
    await theirs.send_json({"type": "seen", "id": last})
    assert await until(colleague, type="seen", id=int(last))
    await mine.send_json({"type": "typing"})
    assert await phone.receive_json(timeout=1) == {"type": "typing"}
    await person.says("hello")
    assert "hello" in (await until(colleague, type="message"))["html"]
    await mine.send_json({"type": "seen", "id": int(last)})
    assert (await phone.receive_json(timeout=1))["message"]["text"] == "hello"
    assert (await phone.receive_json(timeout=1)) == {"type": "seen", "id": last}


async def test_that_somebody_writes_is_not_told_while_the_assistant_answers(client, sam, person, case, reference):
    await sam.post(f"{case}/give-back")
    mine, theirs = await sam.chat(reference), await person.chat()
    conversation = person.url.rpartition("/")[2]
    announcer = client.app[SERVICE].announcer
    with announcer.listen(conversation, Author.STAFF) as to_staff, announcer.listen(conversation) as to_person:
        await theirs.send_json({"type": "typing"})
        await mine.send_json({"type": "typing"})
        await asyncio.sleep(0.3)
        assert (to_staff.qsize(), to_person.qsize()) == (0, 0)


async def test_what_each_side_was_shown_is_told_to_the_other(sam, person, case, reference):
    last = (await person.transcript())[-1]["id"]
    mine, theirs = await sam.chat(reference), await person.chat()
    await mine.send_json({"type": "seen", "id": int(last)})
    assert await until(theirs, type="seen") == {"type": "seen", "id": last}
    await theirs.send_json({"type": "seen", "id": last})
    assert await until(mine, type="seen") == {"type": "seen", "id": int(last)}
    later = await person.chat()
    assert await later.receive_json(timeout=1) == {"type": "seen", "id": last}
    assert f'data-seen="{last}"' in await sam.page(case)


async def test_of_many_messages_that_were_shown_at_once_the_last_is_told(sam, person, case, reference):
    ids = [int(each["id"]) for each in await person.transcript()]
    mine, theirs = await sam.chat(reference), await person.chat()
    for id in ids:
        await theirs.send_json({"type": "seen", "id": str(id)})
    assert await until(mine, type="seen", id=ids[-1])


@pytest.mark.parametrize("frame", ["", "{", "[]", '"typing"', '{"type": "message"}', '{"type": "seen"}',
                                   '{"type": "seen", "id": "-1"}', '{"type": "seen", "id": "9999999999999999999"}',
                                   '{"type": "seen", "id": [1]}'])  # fmt: skip
async def test_what_is_no_notice_is_dropped_and_the_socket_stays(sam, person, case, frame, reference):
    mine, theirs = await sam.chat(reference), await person.chat()
    for socket in (mine, theirs):
        await socket.send_str(frame)
    await mine.send_json({"type": "typing"})
    assert (await theirs.receive_json(timeout=1)) == {"type": "typing"}


async def test_a_deleted_chat_ends_the_sockets_of_both_sides_and_leaves_the_desk_open(client, sam, person, case, reference):
    queue, mine = await sam.socket("/desk/events"), await sam.chat(reference)
    theirs = await person.chat()
    await client.delete(person.url, headers=person.auth)
    assert (await end_of(mine))[0] == 1001
    assert (await end_of(theirs))[0] == 1001
    await sam.post(f"{case}/close", outcome="no reply")
    assert "chat deleted" in (await until(queue, type="case"))["html"]


# what is the team's alone


async def test_a_private_note_is_nowhere_that_the_person_can_reach(client, engine, sam, dana):
    await client.post("/chat/start", data={"authority": CITY}, headers=OWN)
    [cookie] = [each.value for each in client.session.cookie_jar if each.key == "chat"]
    id, token = cookie.split(".")
    api, bearer = f"/api/v1/conversations/{id}", {"Authorization": f"Bearer {token}"}
    engine.request = {"to": "duty", "way": "chat"}
    asked = await client.post("/chat/messages", data={"text": "a person please"}, headers={**OWN, **HTML})
    [reference] = listed(await sam.page("/desk"))
    assert reference in await asked.text()
    case = f"/desk/cases/{reference}"
    listening = [
        await client.ws_connect("/chat/events?after=0", headers=OWN),
        await client.ws_connect(f"{api}/events?after=0", headers=bearer),
    ]
    # The note is last: whoever heard of it would do so before the reply.
    await sam.post(f"{case}/take")
    for text in (NOTE, f"{NOTE} again"):
        assert (await sam.post(f"{case}/note", text=text)).status == 200
    await sam.post(f"{case}/snooze", **{"for": "an hour"})
    await sam.post(f"{case}/reply", text=REPLY, client_message_id="a1")
    await sam.post(f"{case}/note", text=NOTE)
    await sam.post(f"{case}/hand", to=str(dana.member.id))
    await dana.post(f"{case}/take")
    await dana.post(f"{case}/close", outcome="helped")
    assert NOTE in await dana.page(case)
    engine.request = None
    sent = {"text": "and now?", "client_message_id": "m1"}
    told = [
        await client.post(f"{api}/messages", json=sent, headers=bearer),
        await client.get(f"{api}/messages", headers=bearer),
        await client.get("/chat"),
        await client.get("/chat/messages"),
        await client.post("/chat/messages", data={"text": "and then?"}, headers={**OWN, **HTML}),
        await client.get("/chat/delete"),
    ]
    texts = [await each.text() for each in told]
    for socket in listening:
        events = [str(await socket.receive_json(timeout=1))]
        while "and then?" not in events[-1]:
            events.append(str(await socket.receive_json(timeout=1)))
        texts.append("".join(events))
    assert all(each.status == 200 for each in told)
    assert [REPLY in each for each in texts] == [False, True, True, True, True, False, True, True]
    assert not any(NOTE in each for each in texts)
    assert not any(name in each for each in texts for name in ("Sam Lee", "Dana Fox", "council.example"))
    assert NOTE not in await (await sam.get("/desk/export.csv")).text()


async def test_the_export_is_a_table_of_ones_own_cases_without_what_was_said(client, engine, sam, case):
    county = await (await arrive(client, engine, COUNTY)).asks(phone="07700 900123", about="my landlord")
    await sam.post(f"{case}/reply", text=REPLY, client_message_id="a1")
    await sam.post(f"{case}/note", text=NOTE)
    response = await sam.get("/desk/export.csv")
    assert (response.content_type, response.headers["Content-Disposition"]) == (
        "text/csv",
        'attachment; filename="cases.csv"',
    )
    text = await response.text()
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["reference"], row["council"], row["status"]) == (case.rpartition("/")[2], CITY, "taken")
    for secret in (NOTE, REPLY, "a person please", county):
        assert secret not in text
    admin = hire(client, "Ada Min", Role.ADMIN)
    both = await (await admin.get("/desk/export.csv")).text()
    assert county in both
    assert "07700" not in both
    assert "landlord" not in both
    assert len(client.app[AUDIT].search(what="cases exported")) == 2
    filtered = await (await admin.get(f"/desk/export.csv?council={COUNTY}")).text()
    assert [row["reference"] for row in csv.DictReader(io.StringIO(filtered))] == [county]


@pytest.mark.parametrize("path", ["/desk", "/desk/cases/{}", "/desk/export.csv", "/staff", "/staff/sign-in"])
async def test_no_page_of_the_desk_is_kept_or_asks_anything_of_another_site(sam, reference, path):
    response = await sam.get(path.format(reference))
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    page = await response.text()
    assert not re.findall(r'(?:src|srcset|action)="(?:https?:)?//', page)
    assert not re.findall(r"<(?:script|style)[^>]*>[^<]", page)
    assert " style=" not in page
