"""After the end of a case: what the assistant cannot answer goes back to the people who had it."""

from __future__ import annotations

from datetime import timedelta

from bot.alerts.model import Stage
from bot.alerts.outbox import Outbox
from bot.alerts.recipients import StaffRecipients
from bot.alerts.watch import Watch
from bot.conversations.escalations import Escalations, at_once
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import Status
from bot.desk.model import Outcome
from tests.bot.conversations.desk_service import Service, answers

QUESTION, WITHDRAW = "do i pay council tax", "I do not need a person any more"
CANNOT = {
    "kind": "out-of-scope",
    "text": "I cannot see that.",
    "handoff": {"status": "offered", "reference": None, "to": "duty"},
}


async def ended(service, office, sam):
    """A chat whose case Sam has closed, and the case."""
    chat = await service.begin()
    await service.ask(chat)
    case = office.of(chat)
    office.duty.take(sam, case.reference)
    office.duty.close(sam, case.reference, Outcome.HELPED)
    return chat, case


async def test_after_the_end_what_the_assistant_cannot_answer_goes_back_to_whoever_had_it(service, office, engine, sam):
    chat, case = await ended(service, office, sam)
    engine.replies = [CANNOT]
    [told] = await service.write(chat, "did the payment go through then")
    now = office.now(case)
    assert (now.status, now.holder_id, now.outcome, now.closed_at) == (Status.OPEN, sam.id, None, None)
    assert (told.kind, told.details["handoff"]["reference"], answers(office, chat)) == ("handoff", case.reference, "waiting")
    assert case.reference in told.text
    assert service.told[-1] == case.id


async def test_after_the_end_the_assistant_still_answers_what_it_can(service, office, sam):
    chat, case = await ended(service, office, sam)
    [reply] = await service.write(chat, QUESTION)
    assert (reply.kind, office.now(case).status, answers(office, chat)) == ("answer", Status.CLOSED, "bot")


async def test_what_cannot_be_answered_while_a_new_request_is_taken_down_reopens_nothing(service, office, engine, sam):
    chat, case = await ended(service, office, sam)
    asks_on = {"kind": "handoff", "text": "How?", "handoff": {"status": "collecting", "reference": None, "to": "duty"}}
    engine.replies = [CANNOT, asks_on]
    replies = await service.write(chat, "did the payment go through then")
    assert [reply.kind for reply in replies] == ["out-of-scope", "handoff"]
    assert (office.now(case).status, answers(office, chat)) == (Status.CLOSED, "bot")


async def test_a_case_that_ended_long_ago_stays_closed(service, office, engine, sam):
    chat, case = await ended(service, office, sam)
    engine.replies = [CANNOT]
    office.set(case, closed_at=office.clock() - timedelta(days=8))
    [reply] = await service.write(chat, "did the payment go through then")
    assert (reply.kind, office.now(case).status) == ("out-of-scope", Status.CLOSED)


async def test_a_request_that_was_taken_back_stays_closed(service, office, engine):
    chat = await service.begin()
    await service.ask(chat)
    case = office.of(chat)
    await service.write(chat, WITHDRAW)
    engine.replies = [CANNOT]
    [reply] = await service.write(chat, "did the payment go through then")
    assert (reply.kind, office.now(case).status) == ("out-of-scope", Status.CLOSED)


async def test_whoever_is_away_does_not_get_it_back_but_the_team_does(service, office, engine, sam):
    chat, case = await ended(service, office, sam)
    office.accounts.set_away(sam.id, True)
    engine.replies = [CANNOT]
    await service.write(chat, "did the payment go through then")
    assert (office.now(case).status, office.now(case).holder_id) == (Status.OPEN, None)


async def test_whoever_had_the_case_is_alerted_again_though_they_were_before(database, library, office, engine, sam):
    watch = Watch(database, Outbox(database, office.clock), StaffRecipients(database, {}), office.clock, due=at_once)
    office.handoffs = HandoffStore(database, Escalations(at_once, watch.announce, watch.announce_handed))
    service = Service(office, library, engine)
    chat, case = await ended(service, office, sam)
    engine.replies = [CANNOT]
    await service.write(chat, "did the payment go through then")
    service.close()
    told = [(alert.stage, alert.address) for alert in Outbox(database, office.clock).of([case.id])]
    assert told == [(Stage.NEW, sam.email), (Stage.HANDED, sam.email)]


async def test_a_case_that_opens_again_is_announced_and_can_be_taken_back(database, library, office, engine, sam):
    again = []
    office.handoffs = HandoffStore(database, Escalations(announce_again=lambda connection, id: again.append(id)))
    service = Service(office, library, engine)
    chat, case = await ended(service, office, sam)
    engine.replies = [CANNOT]
    await service.write(chat, "did the payment go through then")
    assert again == [case.id]
    [told] = await service.write(chat, WITHDRAW)
    service.close()
    assert (told.kind, office.now(case).status) == ("cancelled", Status.CLOSED)
