"""Everybody sees the cases that are theirs to see and no others, in the order in which they must be answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversations.model import Author, Urgency, Way
from bot.desk import cases
from bot.desk.announcer import MOST_UNREAD, DeskAnnouncer
from bot.desk.model import CaseNotFound, Outcome, View
from bot.staff.model import Role
from tests.bot.desk.office import CITY, COUNTY


def found(office, member, view=View.WAITING, **options) -> list[str]:
    return [case.escalation.reference for case in office.cases.queue(member, view, **options)[0]]


# who sees what


def test_the_duty_desk_sees_its_councils_cases_and_those_of_no_known_council(office):
    city, county, unknown = office.case(CITY), office.case(COUNTY), office.case(None)
    assert set(found(office, office.member("Sam Lee"))) == {city.reference, unknown.reference}
    assert set(found(office, office.member("Cora Day", authority=COUNTY))) == {county.reference, unknown.reference}


def test_an_adviser_sees_their_own_people_alone_whatever_those_asked_for(office):
    pat, other = office.member("Pat Poe", Role.PA), office.member("Ola Nord", Role.PA)
    office.case(CITY)
    office.case(None)
    asked = office.asks(office.chat(pa=pat), to_pa=True)
    of_team, in_danger = office.asks(office.chat(pa=pat)), office.cries(office.chat(pa=pat))
    office.asks(office.chat(pa=other), to_pa=True)
    assert sorted(found(office, pat)) == sorted(each.reference for each in (asked, of_team, in_danger))


def test_an_adviser_goes_on_seeing_a_case_once_the_chat_is_deleted_only_if_it_was_theirs(office):
    pat = office.member("Pat Poe", Role.PA)
    to_pa, to_team = office.asks(office.chat(pa=pat), to_pa=True), office.asks(office.chat(pa=pat))
    for case in (to_pa, to_team):
        office.store.delete(case.conversation_id)
    assert found(office, pat) == [to_pa.reference]


def test_an_administrator_sees_all_and_an_editor_nothing(office):
    cases = [office.case(CITY), office.case(COUNTY), office.case(None)]
    assert len(found(office, office.member("Ada Min", Role.ADMIN))) == 3
    editor = office.member("Ed Itor", Role.EDITOR)
    for view in View:
        assert found(office, editor, view) == []
    assert set(office.cases.counts(editor).values()) == {0}
    assert len(list(office.cases.export(editor))) == 1
    with pytest.raises(CaseNotFound):
        office.cases.by_id(editor, cases[0].id)


def test_who_is_switched_off_sees_nothing(office):
    case, sam = office.case(), office.member("Sam Lee")
    office.accounts.switch_off(sam.id, None)
    off = office.accounts.member(sam.id)
    assert found(office, off) == []
    with pytest.raises(CaseNotFound):
        office.cases.case(off, case.reference)


def test_what_is_hidden_and_what_is_unknown_look_the_same(office):
    case, cora = office.case(CITY), office.member("Cora Day", authority=COUNTY)
    with pytest.raises(CaseNotFound) as hidden:
        office.cases.case(cora, case.reference)
    with pytest.raises(CaseNotFound) as unknown:
        office.cases.case(cora, "NOSUCH")
    assert str(hidden.value) == str(unknown.value)


def test_a_case_whose_council_turns_out_later_is_that_teams_alone(office):
    case, sam, cora = office.case(None), office.member("Sam Lee"), office.member("Cora Day", authority=COUNTY)
    office.handoffs.settle_authority(case.conversation_id, COUNTY)
    assert found(office, sam) == []
    assert found(office, cora) == [case.reference]


# the queue


def test_the_most_urgent_come_first_and_of_those_the_longest_due(office):
    sam = office.member("Sam Lee")
    late, early, urgent = office.case(), office.case(), office.case(urgency=Urgency.URGENT)
    danger = office.cries(office.chat())
    office.set(late, due_at=office.clock.now + timedelta(days=2))
    office.set(early, due_at=office.clock.now + timedelta(days=1))
    office.set(urgent, due_at=office.clock.now + timedelta(days=3))
    office.set(danger, due_at=office.clock.now + timedelta(days=4))
    assert found(office, sam) == [each.reference for each in (danger, urgent, early, late)]


def test_closed_cases_are_listed_the_latest_first(office):
    sam, cases = office.member("Sam Lee"), [office.case() for _ in range(3)]
    for case, minutes in zip(cases, (0, 1, 0), strict=True):
        office.clock.turn(minutes=minutes)
        office.duty.take(sam, case.reference)
        office.duty.close(sam, case.reference, Outcome.HELPED)
    assert found(office, sam, View.CLOSED) == [case.reference for case in reversed(cases)]


def test_the_queue_the_counts_and_the_views_of_each_case_agree(office):
    sam, dana = office.member("Sam Lee"), office.member("Dana Fox")
    cases = [office.case() for _ in range(7)]
    mine, others, off, closed, for_me, for_other, _ = (case.reference for case in cases)
    for member, reference in ((sam, mine), (dana, others), (sam, off), (sam, closed), (dana, for_me), (sam, for_other)):
        office.duty.take(member, reference)
    office.duty.snooze(sam, off, office.clock.now + timedelta(hours=1))
    office.duty.close(sam, closed, Outcome.HELPED)
    office.duty.hand(dana, for_me, sam.id)
    office.duty.hand(sam, for_other, dana.id)
    assert {view: len(found(office, sam, view)) for view in View} == {
        View.WAITING: 3, View.MINE: 2, View.OTHERS: 1, View.SNOOZED: 1, View.CLOSED: 1,
    }  # fmt: skip
    for member in (sam, dana):
        listed = {view: found(office, member, view) for view in View}
        assert office.cases.counts(member) == {view: len(listed[view]) for view in View if view is not View.CLOSED}
        for case in cases:
            views = office.cases.views(member, office.cases.by_id(member, case.id))
            assert views == [view for view in View if case.reference in listed[view]]


# one case


def test_what_the_person_wrote_counts_as_new_until_somebody_of_the_team_was_shown_it(office):
    sam, chat = office.member("Sam Lee"), office.chat()
    case = office.asks(chat)
    [asked] = [said for said in office.said(case) if said.author is Author.PERSON]
    later = office.writes(chat)
    before = office.cases.by_id(sam, case.id)
    assert (before.unread, before.waits_since) == (2, asked.at)
    assert office.store.seen(chat.id, asked.id, by=Author.STAFF)
    between = office.cases.by_id(sam, case.id)
    assert (between.unread, between.waits_since) == (1, later.at)
    assert office.store.seen(chat.id, 10**9, by=Author.STAFF)
    after = office.cases.by_id(sam, case.id)
    assert (after.unread, after.waits_since) == (0, None)


def test_earlier_cases_of_a_chat_are_its_history_for_who_may_see_them(office):
    sam, pat, chat = office.member("Sam Lee"), office.member("Pat Poe", Role.PA), office.chat()
    first = office.asks(chat)
    office.duty.take(sam, first.reference)
    office.duty.close(sam, first.reference, Outcome.HELPED)
    second = office.asks(chat)
    office.case()
    office.duty.take(sam, second.reference)
    office.duty.hand(sam, second.reference, pat.id)
    case = office.cases.by_id(sam, second.id)
    assert [each.escalation.reference for each in office.cases.history(sam, case)] == [first.reference]
    assert office.cases.history(pat, office.cases.by_id(pat, second.id)) == []
    office.store.delete(chat.id)
    assert office.cases.history(sam, office.cases.by_id(sam, second.id)) == []


def test_a_deleted_chat_leaves_the_case_without_contact_notes_or_new_messages(office):
    sam = office.member("Sam Lee")
    case = office.case(way=Way.CALL, phone="07700 900123", about="my flat")
    office.duty.note(sam, case.reference, "call after six")
    before = office.cases.by_id(sam, case.id)
    assert office.cases.contact(before).phone == "07700 900123"
    assert [(note.author, note.text) for note in office.cases.notes(before)] == [("Sam Lee", "call after six")]
    office.store.delete(case.conversation_id)
    after = office.cases.by_id(sam, case.id)
    assert (after.chat_with, after.channel, after.unread) == (None, None, 0)
    assert (office.cases.contact(after), office.cases.notes(after)) == (None, [])
    assert found(office, sam) == [case.reference]


# the export


def test_an_export_holds_what_one_may_see_and_nothing_that_was_said(office):
    sam = office.member("Sam Lee")
    case = office.case(
        way=Way.CALL, phone="07700 900123", email="jo@example.org", about="my landlord", good_time="after six"
    )
    hidden = office.case(COUNTY)
    office.duty.take(sam, case.reference)
    office.duty.reply(sam, case.reference, "words of the team", "one")
    office.duty.note(sam, case.reference, "a private note")
    office.duty.close(sam, case.reference, Outcome.HELPED)
    names, row = office.cases.export(sam)
    fields = dict(zip(names, row, strict=True))
    assert fields | {"opened": "", "due": "", "taken": "", "replied": "", "closed": ""} == {
        "reference": case.reference, "council": CITY, "reason": "asked", "urgency": "routine", "way": "call",
        "status": "closed", "opened": "", "due": "", "taken": "", "replied": "", "closed": "", "outcome": "helped",
        "rating": "", "with": "Sam Lee",
    }  # fmt: skip
    assert fields["taken"] == fields["closed"] == office.clock.now.strftime("%Y-%m-%d %H:%M")
    for secret in ("07700", "jo@", "landlord", "six", "words of", "private", "a person please", hidden.reference):
        assert secret not in repr(row)


# who sits at the desk


def test_a_desk_that_is_open_hears_of_each_change_and_one_that_does_not_listen_is_cut_off(office):
    desks, sam = DeskAnnouncer(), office.member("Sam Lee")
    with desks.listen(sam) as changes:
        desks.changed(7)
        assert changes.get_nowait() == 7
        for id in range(MOST_UNREAD + 5):
            desks.changed(id)
        heard = [changes.get_nowait() for _ in range(changes.qsize())]
        assert heard[-1] is None
        assert len(heard) <= MOST_UNREAD + 1
    desks.changed(8)
    assert changes.empty()


def test_the_duty_desk_of_a_council_is_held_by_its_duty_workers_alone(office):
    desks, sam = DeskAnnouncer(), office.member("Sam Lee")
    admin, pat = office.member("Ada Min", Role.ADMIN), office.member("Pat Poe", Role.PA)
    with desks.listen(pat):
        assert desks.at_the_desk(CITY) == 0
        with desks.listen(sam), desks.listen(sam):
            assert (desks.at_the_desk(CITY), desks.at_the_desk(COUNTY)) == (1, 0)
            with desks.listen(admin):
                assert (desks.at_the_desk(CITY), desks.at_the_desk(COUNTY)) == (1, 0)
    assert desks.at_the_desk(CITY) == 0


def test_a_long_queue_comes_in_pages_and_nobody_is_on_none(office, monkeypatch):
    sam = office.member("Sam Lee")
    monkeypatch.setattr(cases, "PAGE", 2)
    waiting = {office.case().reference for _ in range(5)}
    pages = [office.cases.queue(sam, View.WAITING, page=number) for number in (1, 2, 3)]
    assert [len(shown) for shown, _ in pages] == [2, 2, 1]
    assert [has_more for _, has_more in pages] == [True, True, False]
    assert {case.escalation.reference for shown, _ in pages for case in shown} == waiting


def test_no_name_becomes_a_formula_in_a_spreadsheet(office):
    sam, case = office.member("=1+1 Lee"), office.case()
    office.duty.take(sam, case.reference)
    assert list(office.cases.export(sam))[1][-1] == "'=1+1 Lee"
