"""Who is passed on to people is heard by people alone until they turn back; who is in danger is always helped at once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from bot.conversations.escalations import REFERENCE_LENGTH, REFERENCE_LETTERS, Escalations
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import TARGETS, Author, Holder, Status, Urgency, Way
from bot.conversations.tables import escalation_contacts, escalation_log, escalation_notes, escalations, messages
from bot.conversations.targets import Targets
from bot.desk.model import Outcome
from bot.staff.model import Role
from tests.bot.conversations.desk_service import Service, answers
from tests.bot.desk.office import CITY

CRY = "i want to kill myself"
UNSURE = "i wanna die lol, how do i get the grant"
QUESTION = "do i pay council tax"
ASSISTANT, WITHDRAW = "Ask the assistant something", "I do not need a person any more"
HELP = [{"kind": "crisis", "text": "Call 999."}]


READ_BACK = {
    "kind": "handoff",
    "text": "Shall I send it?",
    "asks": "consent",
    "handoff": {"status": "collecting", "reference": None, "to": "duty"},
    "choices": [{"label": each, "value": each} for each in ("Yes, send it", "No, stop")],
}

# passing on


async def test_passing_on_opens_one_case_with_a_reference_and_a_time(service, office, library):
    chat = await service.begin()
    told = await service.ask(chat)
    [case] = office.handoffs.escalations()
    assert (case.conversation_id, case.authority, case.reason) == (chat.id, CITY, "asked")
    assert (case.urgency, case.status, case.way, case.holder_id) == (Urgency.ROUTINE, Status.OPEN, Way.CHAT, None)
    assert len(case.reference) == REFERENCE_LENGTH
    assert set(case.reference) <= set(REFERENCE_LETTERS)
    assert case.due_at == Targets(library).due(Urgency.ROUTINE, CITY, case.opened_at)
    assert told.kind == "handoff"
    assert told.details["handoff"] == {"status": "waiting", "reference": case.reference, "to": "duty"}
    assert case.reference in told.text
    assert "request" not in told.details
    assert [choice["value"] for choice in told.details["choices"]] == [ASSISTANT, WITHDRAW]
    assert service.told == [case.id]


async def test_the_same_request_again_opens_no_second_case(service, office):
    chat = await service.begin()
    first = await service.ask(chat, way="call", phone="07700 900123")
    second = await service.ask(chat, way="call", phone="07700 900124")
    assert first.details["handoff"]["reference"] == second.details["handoff"]["reference"]
    [case] = office.handoffs.escalations()
    with office.database.read() as connection:
        assert connection.execute(sa.select(escalation_contacts.c.phone)).scalars().all() == ["07700 900124"]
        log = connection.execute(sa.select(escalation_log.c.what).order_by(escalation_log.c.id)).scalars().all()
    assert log == ["opened", "heard again"]
    assert case.way is Way.CALL


async def test_each_request_that_is_passed_on_is_another_one_also_of_a_case_that_is_there(service, office):
    chat = await service.begin()
    seen = [office.store.find(chat.id).request]
    await service.write(chat, CRY)
    seen.append(office.store.find(chat.id).request)
    for _ in range(2):
        await service.ask(chat, way="call", phone="07700 900123")
        seen.append(office.store.find(chat.id).request)
    never, cried, once, twice = seen
    assert never is cried is None
    assert once < twice


@pytest.mark.parametrize("contact", [{"way": "call", "phone": "07700 900123"}, {"way": "email", "email": "jo@example.org"}])
async def test_who_is_not_answered_in_the_chat_goes_on_with_the_assistant(service, office, contact):
    chat = await service.begin()
    told = await service.ask(chat, good_time="after six", about="my flat", **contact)
    assert [choice["value"] for choice in told.details["choices"]] == [WITHDRAW]
    assert answers(office, chat) == "bot"
    [reply] = await service.write(chat, QUESTION)
    assert reply.kind == "answer"
    with office.database.read() as connection:
        [row] = connection.execute(sa.select(escalation_contacts)).all()
    assert (row.conversation_id, row.good_time, row.about) == (chat.id, "after six", "my flat")
    assert (row.phone, row.email) == (contact.get("phone"), contact.get("email"))


async def test_how_somebody_wants_an_answer_is_as_they_said_last(service, office):
    chat = await service.begin()
    await service.ask(chat, way="call", phone="07700 900123")
    told = await service.ask(chat)
    assert office.of(chat).way is Way.CHAT
    assert answers(office, chat) == "waiting"
    assert office.words("handoff_sent_chat") in told.text
    await service.write(chat, ASSISTANT)
    await service.write(chat, CRY)
    assert office.of(chat).way is Way.CHAT
    told = await service.ask(chat, way="call", phone="07700 900123")
    assert office.of(chat).way is Way.CALL
    assert office.words("handoff_sent_other") in told.text
    await service.write(chat, CRY)
    assert office.of(chat).way is Way.CALL


async def test_who_was_in_danger_a_little_while_ago_is_passed_on_as_urgent_and_stays_an_emergency(service, office):
    chat = await service.begin()
    await service.write(chat, CRY)
    first = office.of(chat)
    office.set(first, status=Status.CLOSED.value)
    await service.ask(chat)
    assert office.of(chat).urgency is Urgency.URGENT
    await service.write(chat, ASSISTANT)
    await service.write(chat, CRY)
    await service.ask(chat)
    case = office.of(chat)
    assert (case.urgency, case.reason) == (Urgency.EMERGENCY, "suicide")
    assert case.id != first.id


async def test_an_adviser_gets_their_own_persons_request_and_while_away_the_team_does(service, office):
    pat = office.member("Pat Poe", Role.PA)
    chat = office.chat(pa=pat)
    told = await service.ask(chat, to="pa")
    case = office.of(chat)
    assert (case.pa_id, case.holder_id) == (pat.id, pat.id)
    assert told.details["handoff"]["to"] == "pa"
    assert office.words("handoff_pa_away") not in told.text
    office.accounts.set_away(pat.id, True)
    other = office.chat(pa=pat)
    told = await service.ask(other, to="pa")
    assert (office.of(other).pa_id, office.of(other).holder_id) == (None, None)
    assert office.words("handoff_pa_away") in told.text


async def test_an_adviser_who_is_there_is_not_called_away_because_there_is_a_case_already(service, office):
    pat = office.member("Pat Poe", Role.PA)
    chat = office.chat(pa=pat)
    await service.write(chat, CRY)
    told = await service.ask(chat, to="pa")
    assert office.words("handoff_pa_away") not in told.text
    case = office.of(chat)
    assert (case.pa_id, case.holder_id, case.urgency) == (pat.id, pat.id, Urgency.EMERGENCY)


async def test_a_case_that_somebody_has_stays_theirs_when_the_adviser_is_asked_for(service, office, sam):
    pat = office.member("Pat Poe", Role.PA)
    chat = office.chat(pa=pat)
    await service.write(chat, CRY)
    office.duty.take(sam, office.of(chat).reference)
    office.duty.give_back(sam, office.of(chat).reference)
    told = await service.ask(chat, to="pa")
    assert office.words("handoff_pa_away") not in told.text
    assert (office.of(chat).holder_id, office.of(chat).status) == (sam.id, Status.TAKEN)
    assert answers(office, chat) == "staff"


async def test_while_the_engine_is_away_one_choice_passes_the_chat_on_with_what_was_asked(service, office, engine):
    chat = await service.begin()
    engine.is_away = True
    [notice] = await service.write(chat, QUESTION)
    [choice] = notice.details["choices"]
    [told] = await service.write(chat, choice["value"])
    assert told.details["handoff"] == {"status": "waiting", "reference": office.of(chat).reference, "to": "duty"}
    assert (office.of(chat).urgency, answers(office, chat)) == (Urgency.ROUTINE, "waiting")
    engine.is_away = False
    await service.catch_up_for(1.3)
    assert engine.asked == []
    assert office.store.unanswered() == []


# silence


async def test_while_somebody_waits_or_is_answered_by_people_the_assistant_is_silent(service, office, engine, sam):
    chat = await service.begin()
    await service.ask(chat)
    case = office.of(chat)
    assert answers(office, chat) == "waiting"
    assert await service.write(chat, QUESTION) == []
    office.duty.take(sam, case.reference)
    assert answers(office, chat) == "staff"
    assert await service.write(chat, QUESTION) == []
    assert engine.asked == []
    assert service.told == [case.id] * 3
    assert office.cases.by_id(sam, case.id).unread == 3


def next_night(at: datetime) -> datetime:
    """A time at which no office is open: two in the morning, tomorrow."""
    return (at + timedelta(days=1)).replace(hour=2, minute=0)


async def test_who_writes_when_whoever_had_the_chat_has_gone_home_is_told_once_when_the_team_opens(
    service, office, engine, sam
):
    chat = await service.begin()
    await service.ask(chat)
    case = office.of(chat)
    office.duty.take(sam, case.reference)
    office.clock.now = next_night(office.clock.now)
    [told] = await service.write(chat, "are you still there")
    assert told.text.startswith(office.words("handoff_kept_for_them", when="They are closed now."))
    assert told.details["handoff"]["status"] == "waiting"
    assert [choice["value"] for choice in told.details["choices"]] == [ASSISTANT, WITHDRAW]
    with office.database.write() as connection:
        connection.execute(sa.update(messages).values(at=office.clock.now))
    assert await service.write(chat, "hello") == []
    assert (office.of(chat).status, office.of(chat).holder_id, answers(office, chat)) == (Status.TAKEN, sam.id, "waiting")
    await service.write(chat, ASSISTANT)
    [reply] = await service.write(chat, QUESTION)
    assert reply.kind == "answer"
    office.duty.reply(sam, case.reference, "good morning", "1")
    assert answers(office, chat) == "staff"
    assert office.said(case)[-2].text == office.words("handoff_taken", name="Sam", to="the duty team of Nottingham City")


async def test_who_waits_is_told_again_when_to_expect_an_answer_once_nothing_was_said_for_half_an_hour(
    service, office, engine
):
    chat = await service.begin()
    await service.ask(chat)
    assert await service.write(chat, "hello") == []
    office.clock.turn(minutes=31)
    [told] = await service.write(chat, "nobody is answering")
    when = office.targets.when(office.of(chat), office.clock.now)
    assert told.text == office.words("handoff_kept_for_them", when=when)
    assert answers(office, chat) == "waiting"
    with office.database.write() as connection:
        connection.execute(sa.update(messages).values(at=office.clock.now))
    assert await service.write(chat, "hello??") == []


async def test_a_person_who_works_late_is_not_talked_over(service, office, engine, sam):
    chat = await service.begin()
    await service.ask(chat)
    night = next_night(office.clock.now)
    office.duty.take(sam, office.of(chat).reference)
    with office.database.write() as connection:
        connection.execute(sa.update(escalation_log).values(at=night - timedelta(minutes=29)))
    office.clock.now = night
    assert await service.write(chat, "are you still there") == []
    assert answers(office, chat) == "staff"


async def test_what_is_written_brings_back_a_case_that_was_put_off(service, office, sam):
    chat = await service.begin()
    await service.ask(chat)
    case = office.of(chat)
    office.duty.take(sam, case.reference)
    office.duty.snooze(sam, case.reference, office.clock.now + timedelta(days=1))
    await service.write(chat, "are you there?")
    now = office.of(chat)
    assert (now.status, now.holder_id, now.snoozed_until) == (Status.TAKEN, sam.id, None)
    assert office.log(sam, case)[-1] == ("wrote again", None)


async def test_what_is_asked_of_the_assistant_brings_back_a_case_that_was_put_off_and_is_answered(
    service, office, engine, sam
):
    chat = await service.begin()
    await service.ask(chat)
    case = office.of(chat)
    office.duty.take(sam, case.reference)
    office.duty.give_back(sam, case.reference)
    office.duty.snooze(sam, case.reference, office.clock.now + timedelta(days=1))
    service.told.clear()
    assert await service.write(chat, QUESTION)
    assert (office.of(chat).status, service.told) == (Status.TAKEN, [case.id])
    assert office.log(sam, case)[-1] == ("wrote again", None)
    assert await service.write(chat, QUESTION)
    assert service.told == [case.id]


async def test_a_put_off_case_comes_back_also_with_the_word_that_one_is_safe(service, office, sam):
    chat = await service.begin()
    await service.write(chat, CRY)
    case = office.of(chat)
    office.duty.take(sam, case.reference)
    office.duty.give_back(sam, case.reference)
    office.duty.snooze(sam, case.reference, office.clock.now + timedelta(days=1))
    assert await service.write(chat, "i am safe now")
    assert office.of(chat).status is Status.TAKEN


async def test_only_the_first_of_the_words_that_wait_for_somebody_has_a_line_in_the_log(service, office, sam):
    chat = await service.begin()
    await service.ask(chat)
    case = office.of(chat)
    await service.write(chat, "hello")
    office.duty.take(sam, case.reference)
    office.duty.reply(sam, case.reference, "Hi, I am Sam.", "one")
    await service.write(chat, "hi sam")
    await service.write(chat, "its about my rent")
    assert [what for what, _ in office.log(sam, case)] == ["opened", "taken", "replied", "wrote"]


async def test_a_reply_of_the_assistant_that_comes_after_somebody_took_the_case_is_dropped(service, office, engine, sam):
    chat = await service.begin()
    await service.write(chat, CRY)
    engine.seconds = 0.4
    asking = asyncio.create_task(service.write(chat, QUESTION))
    await asyncio.sleep(0.15)
    office.duty.take(sam, office.of(chat).reference)
    assert await asking == []
    assert engine.asked == [QUESTION]
    assert "You said" not in repr(await service.transcript(chat))
    assert office.store.unanswered() == []


@pytest.mark.parametrize("end", ["give_back", "close", "turn back"])
async def test_nothing_that_was_written_to_people_is_answered_by_the_assistant_afterwards(service, office, engine, sam, end):
    chat = await service.begin()
    await service.ask(chat)
    reference = office.of(chat).reference
    await service.write(chat, "to whoever comes")
    # Stored, and then the process was killed before it was passed on.
    office.store.receive(chat.id, "nobody has looked at this", "killed")
    if_taken = {"give_back": [sam], "close": [sam], "turn back": []}[end]
    for member in if_taken:
        office.duty.take(member, reference)
    await service.write(chat, "and one more")
    office.store.receive(chat.id, "nor at this", "killed again")
    await {
        "give_back": lambda: asyncio.to_thread(office.duty.give_back, sam, reference),
        "close": lambda: asyncio.to_thread(office.duty.close, sam, reference, Outcome.HELPED),
        "turn back": lambda: service.write(chat, ASSISTANT),
    }[end]()
    assert answers(office, chat) == "bot"
    await service.catch_up_for(1.3)
    assert engine.asked == []
    [reply] = await service.write(chat, QUESTION)
    assert reply.text == f"You said: {QUESTION}"


async def test_what_was_stored_but_not_passed_on_before_a_crash_is_passed_on_after_it(service, office, engine, sam):
    chat = await service.begin()
    await service.ask(chat)
    case = office.of(chat)
    office.duty.take(sam, case.reference)
    office.duty.snooze(sam, case.reference, office.clock.now + timedelta(days=1))
    message = office.store.receive(chat.id, "are you there?", "killed")
    service.told.clear()
    await service.catch_up_for(1.3)
    assert office.store.unanswered_until(message) == []
    assert office.of(chat).status is Status.TAKEN
    assert service.told == [case.id]
    assert engine.asked == []


def test_whatever_the_assistant_had_to_say_is_not_said_in_a_chat_that_a_person_holds(office, sam):
    chat = office.chat()
    case = office.asks(chat)
    office.duty.take(sam, case.reference)
    message, said = office.writes(chat), len(office.said(case))
    answer = [{"kind": "answer", "text": "An answer."}]
    assert office.store.reply(message, answer) == []
    assert office.handoffs.ask_whether_safe(message, "suicide", HELP) == []
    assert office.handoffs.back_to_assistant(message, lambda _: answer, withdraws=True) == []
    request = office.handoff.request({"way": "chat"}, is_urgent=False)
    assert office.handoffs.hand_over(message, request, office.handoff.passed_on(request)) == []
    assert (len(office.said(case)), office.answers(case), office.now(case).status) == (said, "staff", Status.TAKEN)


# turning back


@pytest.mark.parametrize(
    "words", ["stop", "Stop.", "never mind", "cancel please", WITHDRAW, WITHDRAW.upper(), f" {WITHDRAW} "]
)
async def test_who_takes_their_request_back_has_the_assistant_again_and_nobody_comes(service, office, engine, words):
    chat = await service.begin()
    await service.ask(chat)
    case = office.of(chat)
    [told] = await service.write(chat, words)
    assert (told.kind, answers(office, chat)) == ("cancelled", "bot")
    now = office.now(case)
    assert (now.status, now.outcome) == (Status.CLOSED, "withdrawn")
    assert now.closed_at is not None
    assert service.told[-1] == case.id
    assert engine.asked == []
    [reply] = await service.write(chat, QUESTION)
    assert reply.kind == "answer"


async def test_who_asks_for_the_assistant_meanwhile_stays_in_the_queue(service, office):
    chat = await service.begin()
    await service.ask(chat)
    [told] = await service.write(chat, ASSISTANT)
    assert told.text == office.words("handoff_resumed")
    assert (office.of(chat).status, answers(office, chat)) == (Status.OPEN, "bot")
    [reply] = await service.write(chat, QUESTION)
    assert reply.kind == "answer"


@pytest.mark.parametrize("words", ["stop", WITHDRAW])
async def test_a_case_of_somebody_in_danger_is_not_withdrawn(service, office, words):
    chat = await service.begin()
    await service.write(chat, CRY)
    await service.ask(chat)
    [told] = await service.write(chat, words)
    assert told.text == office.words("handoff_kept")
    assert (office.of(chat).status, office.of(chat).urgency) == (Status.OPEN, Urgency.EMERGENCY)
    assert answers(office, chat) == "bot"


def test_a_stop_that_races_with_a_cry_does_not_say_that_nobody_will_come(office):
    chat = office.chat()
    office.asks(chat)
    stop = office.writes(chat, "stop")
    office.cries(chat)
    wish = office.handoff.wish("stop", waits=True)
    [told] = office.handoffs.back_to_assistant(stop, lambda case: [office.handoff.turned_back(wish, case)], withdraws=True)
    assert told.text == office.words("handoff_kept")


async def test_who_is_to_be_called_can_take_it_back_though_the_assistant_answers(service, office):
    chat = await service.begin()
    await service.ask(chat, way="call", phone="07700 900123")
    case = office.of(chat)
    [told] = await service.write(chat, WITHDRAW)
    assert told.kind == "cancelled"
    assert office.now(case).outcome == "withdrawn"


@pytest.mark.parametrize("words", ["stop", WITHDRAW, ASSISTANT])
async def test_once_somebody_is_there_the_same_words_go_to_them(service, office, sam, words):
    chat = await service.begin()
    await service.ask(chat)
    office.duty.take(sam, office.of(chat).reference)
    assert await service.write(chat, words) == []
    assert (office.of(chat).status, answers(office, chat)) == (Status.TAKEN, "staff")


@pytest.mark.parametrize("words", ["stop it i am scared", "dont stop", "he wont stop shouting", "I do not need"])
async def test_other_words_of_somebody_who_waits_go_to_the_team(service, office, words):
    chat = await service.begin()
    await service.ask(chat)
    assert await service.write(chat, words) == []
    assert (office.of(chat).status, answers(office, chat)) == (Status.OPEN, "waiting")


async def test_stop_does_not_take_a_request_back_while_the_assistant_answers(service, office):
    chat = await service.begin()
    await service.ask(chat, way="call", phone="07700 900123")
    [reply] = await service.write(chat, "stop")
    assert (reply.kind, office.of(chat).status) == ("answer", Status.OPEN)


async def test_stop_is_an_ordinary_word_for_who_waits_for_nobody(service, engine):
    chat = await service.begin()
    for words in ("stop", WITHDRAW):
        [reply] = await service.write(chat, words)
        assert reply.kind == "answer"
    assert engine.asked == ["stop", WITHDRAW]


# danger


@pytest.mark.parametrize("holder", ["waiting", "staff"])
async def test_a_cry_in_a_chat_that_people_hold_is_helped_at_once_and_raises_the_urgency(
    service, office, engine, sam, holder
):
    chat = await service.begin()
    await service.ask(chat)
    case = office.of(chat)
    for member in {"waiting": [], "staff": [sam]}[holder]:
        office.duty.take(member, case.reference)
        office.duty.reply(member, case.reference, "hello", "one")
    before = datetime.now(timezone.utc)
    [help] = await service.write(chat, CRY)
    assert help.kind == "crisis"
    assert "999" in help.text
    now = office.of(chat)
    assert (now.id, now.urgency, now.reason) == (case.id, Urgency.EMERGENCY, "suicide")
    assert (now.replied_at, now.is_crisis) == (None, True)
    assert now.due_at >= before + TARGETS[Urgency.EMERGENCY]
    assert answers(office, chat) == holder
    assert service.told[-1] == case.id
    assert engine.asked == []


async def test_a_cry_brings_back_a_case_that_was_put_off(service, office, sam):
    chat = await service.begin()
    await service.ask(chat)
    office.duty.take(sam, office.of(chat).reference)
    office.duty.snooze(sam, office.of(chat).reference, office.clock.now + timedelta(days=1))
    await service.write(chat, CRY)
    assert (office.of(chat).status, office.of(chat).snoozed_until) == (Status.TAKEN, None)


def test_a_cry_is_helped_also_when_somebody_takes_the_case_before_the_help_is_stored(office, sam):
    chat = office.chat()
    case = office.asks(chat)
    message = office.writes(chat, CRY)
    office.duty.take(sam, case.reference)
    assert office.handoffs.alert(message, "suicide", lambda reference, again: HELP)
    assert office.handoffs.alert(message, "suicide", lambda reference, again: HELP) == []
    assert office.of(chat).urgency is Urgency.EMERGENCY


async def test_a_cry_in_a_held_chat_that_was_stored_before_a_crash_gets_its_help_after_it(service, office):
    chat = await service.begin()
    await service.ask(chat)
    message = office.store.receive(chat.id, CRY, "killed")
    await service.catch_up_for(1.3)
    assert [reply.kind for reply in office.store.replies(message)] == ["crisis"]
    assert office.of(chat).urgency is Urgency.EMERGENCY


@pytest.mark.parametrize(("words", "kinds"), [("I am not safe", ["crisis"]), ("I am safe", ["crisis"]), ("the grant?", [])])
async def test_who_may_be_in_danger_while_they_wait_is_asked_and_their_case_is_urgent(service, office, engine, words, kinds):
    chat = await service.begin()
    await service.ask(chat)
    [check_in] = await service.write(chat, UNSURE)
    assert [choice["value"] for choice in check_in.details["choices"]] == ["I am safe", "I am not safe"]
    assert (office.of(chat).urgency, answers(office, chat)) == (Urgency.URGENT, "waiting")
    assert [reply.kind for reply in await service.write(chat, words)] == kinds
    urgency = {"I am not safe": Urgency.EMERGENCY}.get(words, Urgency.URGENT)
    assert (office.of(chat).urgency, answers(office, chat)) == (urgency, "waiting")
    assert office.store.unanswered() == []
    assert engine.asked == []


async def test_what_may_be_danger_in_a_chat_with_a_person_is_theirs_to_answer_and_urgent(service, office, sam):
    chat = await service.begin()
    await service.ask(chat)
    office.duty.take(sam, office.of(chat).reference)
    assert await service.write(chat, UNSURE) == []
    case = office.of(chat)
    assert (case.urgency, case.reason, case.status) == (Urgency.URGENT, "asked", Status.TAKEN)
    assert office.log(sam, case)[-1] == ("more urgent", None)


def at_once(calls):
    start = threading.Barrier(len(calls))

    def run(call):
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


@pytest.mark.parametrize("yes", ["Yes, send it", "yes"])
async def test_after_a_cry_a_yes_to_a_request_is_for_the_request(service, office, engine, yes):
    chat = await service.begin()
    await service.write(chat, CRY)
    engine.replies = [READ_BACK]
    await service.write(chat, "call me on 07700 900123")
    engine.request = {"to": "duty", "way": "call", "phone": "07700 900123"}
    [told] = await service.write(chat, yes)
    assert told.kind == "handoff"
    assert office.of(chat).way is Way.CALL


async def test_a_choice_of_a_request_does_not_say_that_somebody_is_safe_and_the_request_is_urgent(service, office, engine):
    chat = await service.begin()
    engine.replies = [READ_BACK]
    assert len(await service.write(chat, UNSURE)) == 2
    engine.request = {"to": "duty", "way": "chat"}
    [told] = await service.write(chat, "Yes, send it")
    assert told.kind == "handoff"
    assert office.of(chat).urgency is Urgency.URGENT
    assert office.store.find(chat.id).checking


async def test_who_is_safe_is_asked_again_what_their_request_for_a_person_asked(service, office, engine):
    chat = await service.begin()
    engine.replies = [{**READ_BACK, "asks": "contact", "text": "How should they get back to you?"}]
    await service.write(chat, UNSURE)
    glad, asked = await service.write(chat, "I am safe")
    assert office.words("crisis_go_on") not in glad.text
    assert (asked.text, asked.details["choices"]) == ("How should they get back to you?", READ_BACK["choices"])


async def test_who_is_not_safe_after_a_cry_is_helped_again_whatever_is_asked(service, office, engine):
    chat = await service.begin()
    await service.write(chat, "my boyfriend is hitting me right now")
    engine.replies = [{**READ_BACK, "asks": "contact"}]
    await service.write(chat, "call me")
    [again] = await service.write(chat, "I am not safe")
    assert (again.kind, office.of(chat).reason) == ("crisis", "abuse")


async def test_who_asks_what_only_people_can_answer_is_told_where_their_request_stands(service, office, engine, sam):
    chat = await service.begin()
    told = await service.ask(chat, way="call", phone="07700 900123")
    engine.replies = [{"kind": "out-of-scope", "text": "I cannot see that.", "handoff": {"status": "offered", "to": "duty"}}]
    _, status = await service.write(chat, "can she see me sooner")
    assert told.details["handoff"]["reference"] in status.text
    assert office.targets.when(office.of(chat), office.clock.now) in status.text
    office.duty.take(sam, office.of(chat).reference)
    office.duty.reply(sam, office.of(chat).reference, "hello", "1")
    office.duty.give_back(sam, office.of(chat).reference)
    assert len(await service.write(chat, "can she see me sooner")) == 1


WHERE = [
    "how long will it take", "how long do i have to wait?", "nobody called me yet", "no one has got back to me",
    "still waiting", "when will they call me", "when is someone gonna ring", "did anyone read my msg",
    "any news on my request", "whats happening with my case", "u never called",
]  # fmt: skip


@pytest.mark.parametrize("words", WHERE)
async def test_who_asks_what_became_of_their_request_is_told_where_it_stands_and_the_engine_is_not_asked(
    service, office, engine, words
):
    chat = await service.begin()
    told = await service.ask(chat, way="call", phone="07700 900123")
    [status] = await service.write(chat, words)
    assert told.details["handoff"]["reference"] in status.text
    assert engine.asked == []


@pytest.mark.parametrize("words", WHERE)
async def test_without_an_open_request_the_engine_answers_the_same_words(service, office, engine, words):
    chat = await service.begin()
    await service.write(chat, words)
    assert engine.asked == [words]


@pytest.mark.parametrize(
    "words",
    [
        "how long does it take to get a council house",
        "how long can i stay put",
        "when do i get my bursary",
        "my pa never called",
    ],
)
async def test_other_questions_are_answered_beside_an_open_request(service, engine, words):
    chat = await service.begin()
    await service.ask(chat, way="call", phone="07700 900123")
    await service.write(chat, words)
    assert engine.asked == [words]


async def test_who_begins_another_request_hears_of_the_open_one_and_who_stops_that_it_stands(service, office, engine):
    chat = await service.begin()
    reference = (await service.ask(chat, way="call", phone="07700 900123")).details["handoff"]["reference"]
    engine.replies = [READ_BACK]
    first, _ = await service.write(chat, "can someone call me")
    assert first.text == office.words(
        "handoff_adds", to=office.targets.team(office.of(chat), office.shelf), reference=reference
    )
    assert len(await service.write(chat, "07700 900123")) == 1
    await service.write(chat, "how long will it take")
    assert engine.asked[-1] == "how long will it take", "the form answers that"
    engine.replies = [{"kind": "cancelled", "text": "I sent nothing."}]
    _, last = await service.write(chat, "stop")
    assert reference in last.text


@pytest.mark.parametrize("words", ["cancel my request", "can i take back the call", "i want to cancel my callback please"])
async def test_who_is_to_be_called_takes_it_back_in_their_own_words(service, office, words):
    chat = await service.begin()
    await service.ask(chat, way="call", phone="07700 900123")
    [told] = await service.write(chat, words)
    assert told.text == office.words("handoff_withdrawn")
    assert office.handoffs.escalation(chat.id) is None


def test_two_cries_at_once_open_one_case_and_both_are_helped(office):
    chat = office.chat()
    cries = [office.writes(chat, CRY) for _ in range(4)]
    helped = at_once([lambda cry=cry: office.handoffs.alert(cry, "suicide", lambda *_: HELP) for cry in cries])
    assert [len(each) for each in helped] == [1, 1, 1, 1]
    with office.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(escalations)).scalar() == 1
        log = connection.execute(sa.select(escalation_log.c.what).order_by(escalation_log.c.id)).scalars().all()
    assert log == ["opened", "heard again", "heard again", "heard again"]


def test_one_cry_that_is_looked_at_twice_at_once_is_helped_once(office):
    cry = office.writes(office.chat(), CRY)
    helped = at_once([lambda: office.handoffs.alert(cry, "suicide", lambda *_: HELP)] * 4)
    assert sorted(len(each) for each in helped) == [0, 0, 0, 1]


def wrong(connection, escalation_id):
    raise LookupError("There is nobody to tell.")


def broken(connection, escalation_id):
    connection.exec_driver_sql("INSERT INTO no_such_table VALUES (1)")


@pytest.mark.parametrize("announce", [wrong, broken])
async def test_an_alert_that_fails_keeps_nobody_from_urgent_help(database, office, library, engine, announce, caplog):
    office.handoffs = HandoffStore(database, Escalations(announce=announce))
    service = Service(office, library, engine)
    chat = await service.begin()
    [help] = await service.write(chat, CRY)
    service.close()
    assert "999" in help.text
    case = office.of(chat)
    assert (case.reference in help.text, case.urgency) == (True, Urgency.EMERGENCY)
    assert "was not announced" in caplog.text
    assert "kill" not in caplog.text


def test_an_adviser_who_is_asked_for_later_is_told(database, office):
    pat = office.member("Pat Poe", Role.PA)
    told: list[int] = []
    office.handoffs = HandoffStore(database, Escalations(announce_again=lambda connection, id: told.append(id)))
    chat = office.chat(pa=pat)
    case = office.asks(chat)
    office.asks_the_assistant(chat)
    assert told == []
    assert office.asks(chat, to_pa=True).holder_id == pat.id
    assert told == [case.id]


def test_a_case_is_announced_when_it_is_new_and_when_it_becomes_more_urgent(database, office):
    announced: list[tuple[int, str]] = []

    def announce(connection, escalation_id):
        row = connection.execute(sa.select(escalations.c.urgency).where(escalations.c.id == escalation_id)).one()
        announced.append((escalation_id, row.urgency))

    office.handoffs = HandoffStore(database, Escalations(announce=announce))
    chat = office.chat()
    case = office.asks(chat)
    for _ in range(2):
        office.cries(chat)
    assert announced == [(case.id, "routine"), (case.id, "emergency")]


def test_where_the_time_cannot_be_told_a_case_is_due_at_once(database, office):
    def due(*_):
        raise LookupError("Nobody knows the hours.")

    office.handoffs = HandoffStore(database, Escalations(due))
    case = office.case()
    assert case.due_at == case.opened_at + timedelta(minutes=5)


# seen and writing


async def test_the_person_is_seen_to_read_and_write_only_while_people_are_in_the_chat(service, office, sam):
    chat = await service.begin()
    with service.announcer.listen(chat.id, Author.STAFF) as news:
        await service.notice(chat.id, {"type": "typing"})
        await service.notice(chat.id, {"type": "seen", "id": 1})
        assert news.empty()
        await service.ask(chat)
        last = office.said(office.of(chat))[-1].id
        while not news.empty():
            news.get_nowait()
        await service.notice(chat.id, {"type": "typing"})
        await service.notice(chat.id, {"type": "seen", "id": last})
        heard = [news.get_nowait() for _ in range(news.qsize())]
        assert [(each.by, each.seen) for each in heard] == [(Author.PERSON, None), (Author.PERSON, last)]
    assert office.cases.by_id(sam, office.of(chat).id).seen_by_person == last


def test_what_was_seen_goes_only_forward_and_no_further_than_what_was_said(office):
    chat = office.chat()
    case = office.asks(chat)
    first, last = (said.id for said in office.said(case))
    for by in (Author.PERSON, Author.STAFF):
        assert office.store.seen(chat.id, first, by=by)
        assert not office.store.seen(chat.id, first, by=by)
        assert office.store.seen(chat.id, 10**9, by=by)
        assert not office.store.seen(chat.id, first, by=by)
    now = office.store.find(chat.id)
    assert (now.seen_by_person, now.seen_by_staff, now.holder) == (last, last, Holder.WAITING)
    assert not office.store.seen("unknown", 1, by=Author.STAFF)


# deletion


def test_a_deletion_takes_contacts_and_notes_and_leaves_the_reference_and_the_outcome(office, sam):
    kept = office.case(phone="07700 900999")
    office.duty.note(sam, kept.reference, "another note")
    case = office.case(way=Way.CALL, phone="07700 900123", about="my landlord hits me")
    office.duty.take(sam, case.reference)
    office.duty.note(sam, case.reference, "a private note")
    office.duty.close(sam, case.reference, Outcome.HELPED)
    office.store.delete(case.conversation_id)
    now = office.now(case)
    assert (now.reference, now.outcome, now.conversation_id) == (case.reference, "helped", None)
    with office.database.read() as connection:
        assert connection.execute(sa.select(escalation_contacts.c.phone)).scalars().all() == ["07700 900999"]
        assert connection.execute(sa.select(escalation_notes.c.text)).scalars().all() == ["another note"]
        log = connection.execute(sa.select(escalation_log).where(escalation_log.c.escalation_id == case.id)).all()
        everything = [repr(connection.execute(sa.select(table)).all()) for table in (escalations, escalation_log)]
    assert [row.what for row in log] == ["opened", "taken", "noted", "closed"]
    assert [row.message_id for row in log] == [None] * 4
    assert "landlord" not in "".join(everything)


async def test_what_comes_after_a_deletion_opens_nothing(office):
    chat = office.chat()
    message = office.writes(chat)
    office.store.delete(chat.id)
    assert office.handoffs.alert(message, "suicide", lambda *_: HELP) == []
    assert office.handoffs.pass_on(message) == (None, [])
    assert office.handoffs.back_to_assistant(message, lambda _: [{"kind": "cancelled", "text": "OK."}], withdraws=True) == []
    assert office.handoffs.escalations() == []


async def test_the_desk_is_told_when_the_person_deletes_the_chat(service, office):
    chat = await service.begin()
    await service.ask(chat)
    service.told.clear()
    case = office.of(chat)
    await service.delete(chat)
    assert service.told == [case.id]


def test_a_new_cry_in_a_case_that_somebody_has_is_announced_again(database, office, sam):
    told: list[int] = []
    office.handoffs = HandoffStore(database, Escalations(announce=lambda connection, id: told.append(id)))
    chat = office.chat()
    case = office.cries(chat)
    office.cries(chat)
    assert told == [case.id]
    office.duty.take(sam, case.reference)
    office.cries(chat)
    assert told == [case.id, case.id]
