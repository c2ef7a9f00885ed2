"""Each open page is called once for what happens, and only for what is its member's to hear."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversations.model import Author, Escalation, Way
from bot.desk.calls import Call, Ear, Place
from bot.desk.model import Outcome
from bot.staff.model import Member, Role
from tests.bot.desk.office import COUNTY, Office


@pytest.fixture
def sam(office: Office) -> Member:
    return office.member("Sam Lee")


@pytest.fixture
def dana(office: Office) -> Member:
    return office.member("Dana Fox")


@pytest.fixture
def pat(office: Office) -> Member:
    return office.member("Pat Poe", Role.PA)


def ear(office: Office, member: Member, since: Place | None = None) -> Ear:
    return office.cases.ear(member, since or office.cases.place())


def heard(office: Office, page: Ear, member: Member, case: Escalation) -> Call | None:
    return page.hear(office.cases.by_id(member, case.id), member).call


def test_a_new_case_calls_the_whole_team_once(office, sam, dana):
    pages = {member: ear(office, member) for member in (sam, dana)}
    case = office.case()
    for member, page in pages.items():
        assert heard(office, page, member, case) is Call.NEW
        assert heard(office, page, member, case) is None


def test_a_case_for_an_adviser_calls_them_and_not_the_team_until_it_is_left_to_it(office, sam, pat):
    team, adviser = ear(office, sam), ear(office, pat)
    case = office.asks(office.chat(pa=pat), to_pa=True)
    assert (heard(office, team, sam, case), heard(office, adviser, pat, case)) == (None, Call.NEW)
    office.accounts.set_away(pat.id, True)
    assert office.duty.move()[0] == [case.id]
    assert heard(office, team, sam, case) is Call.NEW


def test_a_cry_for_help_calls_all_who_may_see_the_case_whoever_has_it(office, sam, dana):
    chat = office.chat()
    case = office.asks(chat)
    office.duty.take(sam, case.reference)
    mine, colleague = ear(office, sam), ear(office, dana)
    office.cries(chat)
    assert (heard(office, mine, sam, case), heard(office, colleague, dana, case)) == (Call.DANGER, Call.DANGER)
    office.cries(chat)
    assert (heard(office, mine, sam, case), heard(office, colleague, dana, case)) == (Call.DANGER, Call.DANGER)


def test_words_call_whoever_has_the_case_and_nobody_else(office, sam, dana):
    chat = office.chat()
    case = office.asks(chat)
    office.duty.take(sam, case.reference)
    office.store.seen(chat.id, 99, by=Author.STAFF)
    mine, colleague = ear(office, sam), ear(office, dana)
    office.writes(chat)
    assert (heard(office, mine, sam, case), heard(office, colleague, dana, case)) == (Call.WROTE, None)
    assert heard(office, mine, sam, case) is None
    office.writes(chat)
    assert heard(office, mine, sam, case) is Call.WROTE


@pytest.mark.parametrize("way", [Way.CHAT, Way.CALL])
def test_who_asks_again_calls_whoever_has_the_case(office, sam, dana, way):
    chat = office.chat()
    case = office.asks(chat)
    office.duty.take(sam, case.reference)
    office.duty.give_back(sam, case.reference)
    mine, colleague = ear(office, sam), ear(office, dana)
    office.asks(chat, way=way)
    assert (heard(office, mine, sam, case), heard(office, colleague, dana, case)) == (Call.NEW, None)


def test_what_was_called_out_is_settled_once_somebody_else_has_it_or_oneself_did_something(office, sam, dana):
    chat = office.chat()
    case = office.asks(chat)
    mine, colleague = ear(office, sam), ear(office, dana)

    def settled(page, member):
        return page.hear(office.cases.by_id(member, case.id), member).is_settled

    assert (settled(mine, sam), settled(colleague, dana)) == (False, False)
    office.duty.take(sam, case.reference)
    assert (settled(mine, sam), settled(colleague, dana)) == (True, True)
    office.writes(chat)
    office.store.seen(chat.id, 99, by=Author.STAFF)
    assert not settled(mine, sam), "that a colleague looked is no answer"
    office.duty.reply(sam, case.reference, "hello", "1")
    assert settled(mine, sam)


def test_what_was_unread_when_the_page_was_opened_calls_nobody_when_something_else_happens(office, sam):
    chat = office.chat()
    case = office.asks(chat)
    office.duty.take(sam, case.reference)
    office.writes(chat)
    page = ear(office, sam)
    office.duty.note(sam, case.reference, "a note")
    assert heard(office, page, sam, case) is None


def test_nobody_is_called_by_what_they_do_themselves(office, sam, dana):
    case = office.case()
    mine, colleague = ear(office, sam), ear(office, dana)
    office.duty.take(sam, case.reference)
    office.duty.hand(sam, case.reference, None)
    assert (heard(office, mine, sam, case), heard(office, colleague, dana, case)) == (None, Call.NEW)


def test_who_is_handed_a_case_is_called_and_the_others_are_not(office, sam, dana):
    case = office.case()
    office.duty.take(sam, case.reference)
    third = office.member("Cleo Ray")
    to, other = ear(office, dana), ear(office, third)
    office.duty.hand(sam, case.reference, dana.id)
    assert (heard(office, to, dana, case), heard(office, other, third, case)) == (Call.NEW, None)


def test_what_comes_back_calls_whoever_has_it_and_a_closed_case_nobody(office, sam):
    case = office.case()
    office.duty.take(sam, case.reference)
    page = ear(office, sam)
    office.duty.snooze(sam, case.reference, office.clock.now + timedelta(hours=1))
    office.clock.turn(hours=2)
    office.duty.move()
    assert heard(office, page, sam, case) is Call.NEW
    office.writes(office.store.find(case.conversation_id))
    office.duty.close(sam, case.reference, Outcome.HELPED)
    assert heard(office, page, sam, case) is None


def test_what_happened_while_the_connection_was_lost_is_called_when_it_is_back(office, sam):
    known, since = office.case(), office.cases.place()
    office.case(COUNTY)
    new = office.case()
    page = ear(office, sam, since)
    assert page.missed() == [new.id]
    assert heard(office, page, sam, new) is Call.NEW
    assert page.place.line == office.cases.place().line > since.line
    assert ear(office, sam).missed() == []
    assert known.id not in page.missed()


def test_words_that_came_while_the_connection_was_lost_are_called_when_it_is_back(office, sam):
    chat = office.chat()
    case = office.asks(chat)
    office.duty.take(sam, case.reference)
    office.writes(chat, "read by nobody yet")
    since = office.cases.place()
    assert ear(office, sam, since).missed() == [], "what the page knew of is not called again"
    office.writes(chat)
    page = ear(office, sam, since)
    assert page.missed() == [case.id]
    assert heard(office, page, sam, case) is Call.WROTE


def test_after_a_long_break_the_newest_are_called_and_no_flood(office, sam, monkeypatch):
    monkeypatch.setattr("bot.desk.calls.MOST_MISSED", 2)
    cases = [office.case() for _ in range(3)]
    assert ear(office, sam, Place(0, 0)).missed() == [case.id for case in cases[-2:]]
