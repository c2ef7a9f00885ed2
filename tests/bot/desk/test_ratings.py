"""What people said of the help is shown with their own case, once it is closed, and counted among those that one may see."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversations.model import Author, Urgency
from bot.desk.model import Filter, Outcome, Ratings, View
from tests.bot.desk.office import CITY, COUNTY


@pytest.fixture
def sam(office):
    return office.member("Sam Lee")


def closed(office, member, chat=None, **wanted):
    case = office.asks(chat or office.chat(), **wanted)
    office.duty.take(member, case.reference)
    office.duty.close(member, case.reference, Outcome.HELPED)
    return case


def rates(office, case, helpful: bool, comment: str | None = None) -> None:
    """Answer the last message, which told that the case is closed."""
    last = office.said(case)[-1]
    assert last.details["handoff"]["status"] == "closed"
    assert office.store.rate(case.conversation_id, last.id, helpful=helpful, comment=comment)


def rating(office, member, case) -> bool | None:
    return office.cases.by_id(member, case.id).was_helped


def test_a_rating_belongs_to_the_case_whose_end_was_rated(office, sam):
    chat = office.chat()
    first = closed(office, sam, chat)
    rates(office, first, False)
    second = closed(office, sam, chat)
    assert (rating(office, sam, first), rating(office, sam, second)) == (False, None)
    rates(office, second, True)
    assert (rating(office, sam, first), rating(office, sam, second)) == (False, True)


def test_the_rating_of_another_message_is_not_the_cases(office, sam):
    case = closed(office, sam)
    for said in office.said(case)[:-1]:
        office.store.rate(case.conversation_id, said.id, helpful=True, comment=None)
    assert len([said for said in office.said(case) if said.helpful and said.author is not Author.PERSON]) >= 2
    assert rating(office, sam, case) is None


def test_the_last_word_counts_and_an_open_case_has_none(office, sam):
    case = closed(office, sam)
    rates(office, case, False)
    office.duty.reopen(sam, case.reference)
    assert rating(office, sam, case) is None
    office.duty.reply(sam, case.reference, "hello again", "a1")
    office.duty.close(sam, case.reference, Outcome.HELPED)
    assert rating(office, sam, case) is False
    rates(office, case, True)
    assert rating(office, sam, case) is True


def test_a_rating_goes_with_the_chat(office, sam):
    case = closed(office, sam)
    rates(office, case, True)
    office.store.delete(case.conversation_id)
    assert rating(office, sam, case) is None


def test_those_who_said_so_are_counted_among_the_closed_cases_that_one_may_see(office, sam):
    cora = office.member("Cora Day", authority=COUNTY)
    mine = [closed(office, sam, urgency=urgency) for urgency in (Urgency.ROUTINE, Urgency.ROUTINE, Urgency.URGENT)]
    closed(office, sam)
    theirs = closed(office, cora, office.chat(COUNTY))
    for case, helpful in zip([*mine, theirs], (True, False, True, True), strict=True):
        rates(office, case, helpful)
    since = office.clock.now - timedelta(days=30)
    assert office.cases.ratings(sam, since) == Ratings(helped=2, said=3)
    assert office.cases.ratings(cora, since) == Ratings(helped=1, said=1)
    assert office.cases.ratings(sam, since, filter=Filter(urgency=Urgency.ROUTINE)) == Ratings(helped=1, said=2)
    office.set(mine[0], closed_at=since - timedelta(seconds=1))
    assert office.cases.ratings(sam, since) == Ratings(helped=1, said=2)
    office.duty.reopen(sam, mine[2].reference)
    assert office.cases.ratings(sam, since) == Ratings(helped=0, said=1)


def test_the_queue_and_the_export_show_the_rating_without_the_comment(office, sam):
    cases = [closed(office, sam) for _ in range(3)]
    rates(office, cases[1], True, "because of Foxton")
    rates(office, cases[2], False)
    shown = office.cases.queue(sam, View.CLOSED)[0]
    assert [case.was_helped for case in shown] == [False, True, None]
    names, *rows = office.cases.export(sam)
    assert [row[names.index("rating")] for row in rows] == ["not helpful", "helpful", ""]
    assert "Foxton" not in repr(rows)
    assert {row[names.index("council")] for row in rows} == {CITY}
