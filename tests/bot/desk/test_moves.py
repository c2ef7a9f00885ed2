"""Whoever has a case and does not answer in it: the team is told, and so is the person."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bot.alerts.outbox import Outbox
from bot.alerts.recipients import StaffRecipients
from bot.alerts.watch import Watch
from bot.conversations.model import Status, Urgency, Way
from bot.conversations.wishes import Wish
from bot.desk.calls import Call
from bot.desk.duty import Duty
from bot.desk.model import Outcome, View
from bot.staff.model import Role

HOOK = "https://hooks.example.org/city"
HOUR, FIVE = timedelta(hours=1), timedelta(minutes=5)


def in_an_hour(urgency, authority, start):
    return start + HOUR


@pytest.fixture
def sam(office):
    return office.member("Sam Lee")


@pytest.fixture
def dana(office):
    return office.member("Dana Osei")


@pytest.fixture
def boss(office):
    return office.member("Bo Kaya", Role.ADMIN)


@pytest.fixture
def outbox(office):
    return Outbox(office.database, office.clock)


@pytest.fixture
def watch(office, outbox, sam, dana, boss):
    return Watch(
        office.database, outbox, StaffRecipients(office.database, {"nottingham-city": HOOK}), office.clock, due=in_an_hour
    )


@pytest.fixture
def duty(office, watch):
    return Duty(
        office.database, office.handoff, office.audit, due=in_an_hour, clock=office.clock, announce=watch.announce_handed
    )


@pytest.fixture
def taken(office, duty, sam):
    """A case that was asked for in the chat and that Sam has, with no target of its own left."""
    case = office.case()
    office.set(case, due_at=office.clock.now)
    duty.take(sam, case.reference)
    return case


def alerted(outbox, case):
    return [(each.stage.value, each.address) for each in outbox.of([case.id])]


def writes(office, case, text="are you there?"):
    """What the person writes, left to the people who have the chat."""
    message = office.writes(office.store.find(case.conversation_id), text)
    office.handoffs.pass_on(message)
    return message


def told(office, case):
    return office.said(case)[-1].text


def test_who_is_not_answered_in_time_is_told_and_so_is_the_team(office, duty, outbox, sam, dana, taken):
    duty.reply(sam, taken.reference, "hello", "1")
    writes(office, taken)
    office.clock.turn(minutes=59)
    assert duty.move() == ([], [])
    office.clock.turn(minutes=2)
    moved, [said] = duty.move()
    assert moved == [taken.id]
    assert said.text == office.words("handoff_unanswered")
    assert alerted(outbox, taken) == [("silence", sam.email), ("silence", dana.email), ("silence", HOOK)]
    assert (office.now(taken).holder_id, office.answers(taken)) == (sam.id, "waiting")
    assert office.log(sam, taken)[-1] == ("unanswered", None)
    office.clock.turn(days=1)
    assert duty.move() == ([], [])


def test_then_the_managers_are_told_after_as_long_again_and_nobody_else(office, duty, watch, outbox, sam, boss, taken):
    office.clock.turn(hours=1, minutes=1)
    duty.move()
    watch.look()
    known = alerted(outbox, taken)
    office.clock.turn(minutes=59)
    watch.look()
    assert alerted(outbox, taken) == known
    office.clock.turn(minutes=2)
    watch.look()
    assert alerted(outbox, taken) == [*known, ("manager", boss.email)]
    office.clock.turn(days=1)
    watch.look()
    assert len(alerted(outbox, taken)) == len(known) + 1


def test_what_was_taken_and_no_more_is_told_of_too_however_the_person_wants_an_answer(office, duty, sam):
    for way in Way:
        case = office.case(way=way)
        office.set(case, due_at=office.clock.now)
        duty.take(sam, case.reference)
    office.clock.turn(hours=1, minutes=1)
    moved, said = duty.move()
    assert len(moved) == len(Way)
    assert len(said) == 1, "only in the chat that Sam has is there a word to be waited for"


@pytest.mark.parametrize("act", ["reply", "snooze", "settle", "give_back", "hand", "close"])
def test_whoever_has_a_case_ends_the_silence_with_a_word_or_by_saying_that_none_is_needed(office, duty, sam, taken, act):
    writes(office, taken)
    arguments = {
        "reply": ["hello", "1"],
        "snooze": [office.clock.now + timedelta(days=1)],
        "hand": [None],
        "close": [Outcome.HELPED],
    }
    getattr(duty, act)(sam, taken.reference, *arguments.get(act, []))
    office.clock.turn(hours=2)
    assert duty.move() == ([], [])


def test_a_note_is_no_word_to_the_person_but_gives_whoever_has_the_case_as_long_again(office, duty, sam, dana, taken):
    writes(office, taken)
    office.clock.turn(minutes=50)
    duty.note(sam, taken.reference, "Rang them, nobody there.")
    office.clock.turn(minutes=50)
    assert duty.move() == ([], [])
    duty.note(dana, taken.reference, "Looks like Sam is out.")
    office.clock.turn(minutes=11)
    assert duty.move()[0] == [taken.id], "a colleague's note answers for nobody"
    duty.note(dana, taken.reference, "Still nothing.")
    assert office.cases.counts(dana)[View.WAITING] == 1


@pytest.mark.parametrize("way", list(Way))
def test_who_asks_again_is_waited_for_again_however_they_want_an_answer(office, duty, sam, way):
    case = office.case()
    duty.take(sam, case.reference)
    duty.reply(sam, case.reference, "hello", "1")
    duty.give_back(sam, case.reference)
    office.asks(office.store.find(case.conversation_id), way=way)
    office.clock.turn(hours=1, minutes=1)
    assert duty.move()[0] == [case.id]


def test_what_comes_back_by_time_is_waited_for(office, duty, sam, taken):
    duty.reply(sam, taken.reference, "I will ask, and be back tomorrow", "1")
    duty.snooze(sam, taken.reference, office.clock.now + timedelta(days=1))
    office.clock.turn(days=1, seconds=1)
    assert duty.move()[0] == [taken.id]
    office.clock.turn(minutes=59)
    assert duty.move() == ([], [])
    office.clock.turn(minutes=2)
    assert duty.move()[0] == [taken.id]
    assert office.now(taken).status is Status.TAKEN
    assert [what for what, _ in office.log(sam, taken)][-2:] == ["came back", "unanswered"]


def test_words_that_were_for_people_wait_also_when_the_assistant_answers_again(office, duty, sam, taken):
    duty.reply(sam, taken.reference, "hello", "1")
    message = office.writes(office.store.find(taken.conversation_id), "are you there?")
    office.handoffs.pass_on(message, lambda *_, is_held: [{"kind": "handoff", "text": "They are closed."}])
    office.asks_the_assistant(office.store.find(taken.conversation_id))
    assert office.answers(taken) == "bot"
    office.clock.turn(hours=1, minutes=1)
    moved, said = duty.move()
    assert (moved, said) == ([taken.id], [])


def test_who_was_answered_before_a_case_changed_hands_waits_from_their_next_word(office, duty, sam, dana, taken):
    duty.reply(sam, taken.reference, "hello", "1")
    duty.hand(sam, taken.reference, dana.id)
    duty.take(dana, taken.reference)
    office.clock.turn(days=1)
    assert duty.move() == ([], [])
    office.clock.now = datetime.now(timezone.utc)
    writes(office, taken)
    office.clock.turn(minutes=59)
    assert duty.move() == ([], [])
    office.clock.turn(minutes=2)
    assert duty.move()[0] == [taken.id]


@pytest.mark.parametrize("is_off", [True, False])
def test_the_cases_of_an_account_that_is_switched_off_are_the_teams(office, duty, outbox, sam, dana, boss, taken, is_off):
    duty.reply(sam, taken.reference, "hello", "1")
    if is_off:
        duty.snooze(sam, taken.reference, office.clock.now + timedelta(days=9))
    office.accounts.switch_off(sam.id, by=boss)
    moved, [said] = duty.move()
    assert moved == [taken.id]
    assert said.text == office.words("handoff_passed")
    now = office.now(taken)
    assert (now.status, now.holder_id, now.snoozed_until, office.answers(taken)) == (Status.OPEN, None, None, "waiting")
    assert alerted(outbox, taken) == [("back", dana.email), ("back", HOOK)]
    assert office.log(dana, taken)[-1] == ("left behind", None)
    duty.take(dana, taken.reference)


def test_who_only_looks_has_not_answered(office, duty, sam, taken):
    writes(office, taken)
    duty.opened(sam, taken.reference)
    office.clock.turn(hours=1, minutes=1)
    assert duty.move()[0] == [taken.id]


def test_a_new_silence_is_told_of_anew(office, duty, outbox, sam, taken):
    for number in range(3):
        writes(office, taken)
        office.clock.turn(hours=1, minutes=1)
        assert duty.move()[0] == [taken.id]
        duty.reply(sam, taken.reference, "hello", str(number))
        assert office.answers(taken) == "staff"
    assert [stage for stage, address in alerted(outbox, taken) if address == HOOK] == ["silence"] * 3


def test_who_takes_over_an_unanswered_word_has_as_long_for_it(office, duty, sam, dana, taken):
    duty.reply(sam, taken.reference, "hello", "1")
    writes(office, taken)
    duty.take(dana, taken.reference, over=True)
    office.clock.turn(hours=1, minutes=1)
    assert duty.move()[0] == [taken.id]


def test_who_takes_over_what_was_answered_owes_nothing(office, duty, sam, dana, taken):
    writes(office, taken)
    duty.reply(sam, taken.reference, "hello", "1")
    duty.take(dana, taken.reference, over=True)
    office.clock.turn(days=1)
    assert duty.move() == ([], [])


def test_nobody_in_an_emergency_waits_longer_than_five_minutes(office, duty, sam):
    case = office.cries(office.chat())
    duty.take(sam, case.reference)
    duty.reply(sam, case.reference, "I am here", "1")
    writes(office, case)
    office.clock.turn(minutes=4, seconds=50)
    assert duty.move() == ([], [])
    office.clock.turn(seconds=20)
    assert duty.move()[0] == [case.id]


def test_a_target_that_was_told_stands_when_a_case_is_taken(office, duty, sam):
    case = office.case()
    office.set(case, due_at=office.clock.now + timedelta(minutes=10))
    duty.take(sam, case.reference)
    office.clock.turn(minutes=9, seconds=50)
    assert duty.move() == ([], [])
    office.clock.turn(seconds=20)
    assert duty.move()[0] == [case.id]


def test_who_takes_a_case_at_the_last_moment_has_five_minutes(office, duty, sam):
    case = office.case()
    office.set(case, due_at=office.clock.now + timedelta(seconds=10))
    duty.take(sam, case.reference)
    office.clock.turn(minutes=4, seconds=50)
    assert duty.move() == ([], [])
    office.clock.turn(seconds=20)
    assert duty.move()[0] == [case.id]


def test_of_who_is_away_the_team_is_told_after_five_minutes_and_they_are_not(office, duty, outbox, sam, dana, taken):
    duty.reply(sam, taken.reference, "hello", "1")
    office.accounts.set_away(sam.id, True)
    assert duty.move() == ([], [])
    writes(office, taken)
    office.clock.turn(minutes=4, seconds=50)
    assert duty.move() == ([], [])
    office.clock.turn(seconds=20)
    assert duty.move()[0] == [taken.id]
    assert ("silence", dana.email) in alerted(outbox, taken)


def test_where_the_assistant_answers_nobody_is_waited_for(office, duty, sam, taken):
    duty.give_back(sam, taken.reference)
    office.writes(office.store.find(taken.conversation_id), "whats a setting up home allowance")
    office.clock.turn(days=1)
    assert duty.move() == ([], [])


def test_the_desk_lists_and_calls_what_a_colleague_does_not_answer(office, duty, sam, dana, taken):
    ear = office.cases.ear(dana, office.cases.place())
    assert office.cases.counts(dana)[View.WAITING] == 0
    office.clock.turn(hours=1, minutes=1)
    duty.move()
    case = office.cases.by_id(dana, taken.id)
    assert case.is_unanswered
    assert office.cases.views(dana, case) == [View.WAITING, View.OTHERS]
    assert [each.escalation.id for each in office.cases.queue(dana, View.WAITING)[0]] == [taken.id]
    assert office.cases.counts(dana)[View.WAITING] == 1
    assert ear.hear(case, dana).call is Call.NEW
    duty.reply(sam, taken.reference, "hello", "1")
    assert office.cases.counts(dana)[View.WAITING] == 0


def test_who_waits_in_vain_can_have_the_assistant_or_take_it_back(office, duty, sam, taken):
    office.clock.turn(hours=1, minutes=1)
    _, [said] = duty.move()
    assert [each["label"] for each in said.details["choices"]] == [office.words(wish.value) for wish in Wish]
    office.asks_the_assistant(office.store.find(taken.conversation_id))
    assert (office.answers(taken), office.now(taken).holder_id) == ("bot", sam.id)


def test_hours_that_cannot_be_read_keep_nobody_from_being_told(office, sam, taken, caplog):
    def broken(urgency, authority, start):
        raise LookupError("no hours")

    duty = Duty(office.database, office.handoff, office.audit, due=broken, clock=office.clock)
    office.clock.turn(hours=4, minutes=1)
    assert duty.move()[0] == [taken.id]
    assert "It cannot be told when escalation" in caplog.text


def test_a_chat_that_was_deleted_is_waited_for_by_nobody(office, duty, taken):
    office.store.delete(taken.conversation_id)
    office.clock.turn(days=1)
    assert duty.move() == ([], [])


def test_a_more_urgent_case_is_waited_for_as_long_as_it_may_be_now(office, duty, sam, taken):
    duty.reply(sam, taken.reference, "hello", "1")
    office.set(taken, urgency=Urgency.EMERGENCY.value)
    writes(office, taken)
    office.clock.turn(minutes=5, seconds=20)
    assert duty.move()[0] == [taken.id]
