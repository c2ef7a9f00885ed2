"""A filter narrows each view down to what matches, and a case that changes is told apart by the same rule."""

from __future__ import annotations

import pytest

from bot.conversations.model import Author, Urgency, Way
from bot.desk.model import EVERYTHING, NO_COUNCIL, Filter, View
from bot.staff.model import Role
from tests.bot.desk.office import CITY, COUNTY


@pytest.fixture
def pat(office):
    return office.member("Pat Poe", Role.PA)


@pytest.fixture
def waiting(office, pat):
    """A case of each kind, by what is special about it."""
    made = {
        "plain": office.case(),
        "county": office.case(COUNTY),
        "unknown": office.case(None),
        "urgent": office.case(urgency=Urgency.URGENT),
        "call": office.case(way=Way.CALL),
        "danger": office.cries(office.chat()),
        "for pat": office.asks(office.chat(pa=pat), to_pa=True),
        "of pat": office.asks(office.chat(pa=pat)),
    }
    for name in set(made) - {"plain"}:
        office.store.seen(made[name].conversation_id, 10**9, by=Author.STAFF)
    return made


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"council": COUNTY}, {"county"}),
        ({"council": NO_COUNCIL}, {"unknown"}),
        ({"urgency": Urgency.URGENT}, {"urgent"}),
        ({"urgency": Urgency.EMERGENCY}, {"danger"}),
        ({"way": Way.CALL}, {"call"}),
        ({"is_danger": True}, {"danger"}),
        ({"is_danger": False, "council": CITY, "way": Way.CHAT}, {"plain", "urgent", "for pat", "of pat"}),
        ({"is_unread": True}, {"plain"}),
        ({"is_unread": True, "way": Way.CALL}, set()),
    ],
)
def test_what_is_listed_matches_all_of_the_filter(office, waiting, given, wanted):
    ada, filter = office.member("Ada Min", Role.ADMIN), Filter(**given)
    listed = {case.escalation.id for case in office.cases.queue(ada, View.WAITING, filter=filter)[0]}
    assert listed == {waiting[name].id for name in wanted}
    for case in waiting.values():
        assert office.cases.matches(ada, office.cases.by_id(ada, case.id), filter) == (case.id in listed)


def test_an_advisers_people_are_those_who_came_by_the_link_or_asked_for_them(office, waiting, pat):
    sam = office.member("Sam Lee")
    listed, _ = office.cases.queue(sam, View.WAITING, filter=Filter(whose=pat.id))
    assert {case.escalation.id for case in listed} == {waiting["for pat"].id, waiting["of pat"].id}
    office.store.delete(waiting["for pat"].conversation_id)
    listed, _ = office.cases.queue(sam, View.WAITING, filter=Filter(whose=pat.id))
    assert len(listed) == 2


def test_a_filter_shows_nobody_what_they_may_not_see(office, waiting, pat):
    sam = office.member("Sam Lee")
    assert office.cases.queue(sam, View.WAITING, filter=Filter(council=COUNTY)) == ([], False)
    assert len(office.cases.queue(pat, View.WAITING, filter=Filter(council=CITY))[0]) == 2
    editor = office.member("Ed Itor", Role.EDITOR)
    assert not office.cases.matches(editor, office.cases.by_id(sam, waiting["plain"].id), EVERYTHING)


def test_advisers_are_offered_to_those_who_see_more_than_their_own_people(office, pat):
    ola = office.member("Ola Nord", Role.PA, COUNTY)
    gone = office.member("Ann Way", Role.PA)
    office.accounts.switch_off(gone.id, None)
    assert office.cases.advisers(office.member("Sam Lee")) == [(pat.id, "Pat Poe")]
    assert office.cases.advisers(office.member("Ada Min", Role.ADMIN)) == [(ola.id, "Ola Nord"), (pat.id, "Pat Poe")]
    assert office.cases.advisers(pat) == []
