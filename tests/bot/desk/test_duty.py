"""What staff do with a case changes the case, the chat, the log and the audit together, or nothing at all."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.alerts.outbox import Outbox
from bot.alerts.recipients import StaffRecipients
from bot.alerts.watch import Watch
from bot.conversations.model import Author, MessageRefused, Status, Urgency, Way
from bot.conversations.tables import conversations, escalation_log
from bot.conversations.targets import clock_words
from bot.desk.duty import LONGEST_NOTE, LONGEST_REPLY, LONGEST_SNOOZE, SHORTEST_SNOOZE, Duty
from bot.desk.model import ActRefused, CaseNotFound, Outcome
from bot.staff.model import Role
from bot.staff.tables import audit
from tests.bot.desk.office import CITY, COUNTY

HOOK = "https://hooks.example.org/city"


@pytest.fixture
def sam(office):
    return office.member("Sam Lee")


@pytest.fixture
def dana(office):
    return office.member("Dana Fox")


@pytest.fixture
def pat(office):
    return office.member("Pat Poe", Role.PA)


@pytest.fixture
def case(office):
    return office.case()


@pytest.fixture
def taken(office, sam, case):
    office.duty.take(sam, case.reference)
    return office.now(case)


def refused(office, case, call, *, match: str) -> None:
    """It is refused with this sentence, and leaves the case, the chat, the log and the audit as they were."""

    def everything():
        with office.database.read() as connection:
            log = connection.execute(sa.select(sa.func.count()).select_from(escalation_log)).scalar()
            acts = connection.execute(sa.select(sa.func.count()).select_from(audit)).scalar()
            chat = connection.execute(
                sa.select(conversations).where(conversations.c.id == office.now(case).conversation_id)
            ).first()
        return office.now(case), chat, log, acts

    before = everything()
    with pytest.raises(ActRefused, match=match):
        call()
    assert everything() == before


def team(office) -> str:
    return office.words("handoff_to_team", council="Nottingham City")


# taking


def test_who_takes_a_case_has_it_and_the_person_is_told_who_is_here(office, sam, case):
    act = office.duty.take(sam, case.reference)
    now = office.now(case)
    assert (now.status, now.holder_id, now.taken_at) == (Status.TAKEN, sam.id, office.clock.now)
    assert office.answers(case) == "staff"
    [told] = act.told
    assert told.text == office.words("handoff_taken", name="Sam", to=team(office))
    assert told.details["handoff"] == {"status": "accepted", "reference": case.reference, "to": "duty"}
    assert office.said(case)[-1].id == told.id


@pytest.mark.parametrize("way", [Way.CALL, Way.TEXT, Way.EMAIL])
def test_who_wants_a_call_goes_on_with_the_assistant_while_somebody_has_the_case(office, sam, way):
    case = office.case(way=way)
    [told] = office.duty.take(sam, case.reference).told
    assert office.answers(case) == "bot"
    assert told.text == office.words("handoff_taken_other", name="Sam", to=team(office))


@pytest.mark.parametrize("is_there", [True, False], ids=["chat", "deleted chat"])
def test_of_two_who_take_a_case_at_once_one_has_it(office, sam, dana, case, is_there):
    for chat in {True: [], False: [case.conversation_id]}[is_there]:
        office.store.delete(chat)
    start = threading.Barrier(2)

    def take(member):
        start.wait()
        try:
            return office.duty.take(member, case.reference).member
        except ActRefused as error:
            return str(error)

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(take, (sam, dana)))
    [winner] = [each for each in results if each in (sam, dana)]
    assert office.now(case).holder_id == winner.id
    assert f"{winner.name} has this case. You can take it over." in results
    assert [what for what, _ in office.log(sam, case)] == ["opened", "taken"]


def test_a_case_that_somebody_has_is_taken_over_only_on_purpose(office, sam, dana, taken):
    refused(office, taken, lambda: office.duty.take(dana, taken.reference), match="Sam Lee has this case")
    office.duty.take(dana, taken.reference, over=True)
    assert office.now(taken).holder_id == dana.id
    assert office.said(taken)[-1].text == office.words("handoff_taken", name="Dana", to=team(office))


def test_a_case_that_is_put_off_is_still_its_holders(office, sam, dana, taken):
    office.duty.snooze(sam, taken.reference, office.clock.now + timedelta(hours=1))
    refused(office, taken, lambda: office.duty.take(dana, taken.reference), match="Sam Lee has this case")
    office.duty.take(sam, taken.reference)
    assert (office.now(taken).status, office.now(taken).snoozed_until) == (Status.TAKEN, None)


def test_taking_what_one_has_already_changes_and_says_nothing(office, sam, taken):
    before = (office.now(taken), office.said(taken), office.log(sam, taken), office.audited(taken))
    office.clock.turn(minutes=5)
    assert office.duty.take(sam, taken.reference).told == []
    assert (office.now(taken), office.said(taken), office.log(sam, taken), office.audited(taken)) == before


def test_who_stands_in_for_an_adviser_is_not_called_the_persons_adviser(office, sam, pat):
    case = office.asks(office.chat(pa=pat), to_pa=True)
    [told] = office.duty.take(sam, case.reference).told
    assert told.text == office.words("handoff_taken", name="Sam", to=team(office))
    [told] = office.duty.take(pat, case.reference, over=True).told
    assert told.text == office.words("handoff_taken_pa", name="Pat")


# replying


def test_a_reply_is_said_by_a_person_under_their_first_name(office, sam, taken):
    [said] = office.duty.reply(sam, taken.reference, "  I am Sam.\r\nHow are you? ", "one").told
    assert (said.author, said.text, said.public()["name"]) == (Author.STAFF, "I am Sam.\nHow are you?", "Sam")
    assert office.now(taken).replied_at == office.clock.now
    assert office.said(taken)[-1].text == said.text


def test_the_first_reply_is_the_one_that_counts_for_the_time(office, sam, taken):
    first = office.clock.now
    office.duty.reply(sam, taken.reference, "one", "one")
    office.clock.turn(hours=1)
    office.duty.reply(sam, taken.reference, "two", "two")
    assert office.now(taken).replied_at == first


def test_the_same_reply_again_is_one_message_and_one_line_in_the_log(office, sam, taken):
    for _ in range(2):
        act = office.duty.reply(sam, taken.reference, "hello", "one")
    assert act.told == []
    assert [said.text for said in office.said(taken)].count("hello") == 1
    assert office.log(sam, taken).count(("replied", "Sam Lee")) == 1
    assert [row.what for row in office.audited(taken)].count("case replied") == 1


def test_the_same_reply_twice_at_once_is_one_message(office, sam, taken):
    with ThreadPoolExecutor(4) as threads:
        done = threads.map(lambda _: len(office.duty.reply(sam, taken.reference, "hello", "one").told), range(4))
    assert sorted(done) == [0, 0, 0, 1]
    assert [said.text for said in office.said(taken)].count("hello") == 1


def test_the_same_id_of_two_colleagues_is_two_messages(office, sam, dana, taken):
    office.duty.reply(sam, taken.reference, "from sam", "one")
    office.duty.take(dana, taken.reference, over=True)
    office.duty.reply(dana, taken.reference, "from dana", "one")
    texts = [said.text for said in office.said(taken) if said.author is Author.STAFF]
    assert texts == ["from sam", "from dana"]


@pytest.mark.parametrize("way", [Way.CHAT, Way.CALL])
def test_who_writes_while_the_assistant_answers_silences_it_and_is_introduced_first(office, sam, way):
    case = office.case(way=way)
    office.duty.take(sam, case.reference)
    with office.database.write() as connection:
        connection.execute(sa.update(conversations).values(holder="bot"))
    introduced, said = office.duty.reply(sam, case.reference, "hello", "one").told
    assert office.answers(case) == "staff"
    assert introduced.text == office.words("handoff_taken", name="Sam", to=team(office))
    assert said.text == "hello"


def test_a_reply_brings_back_what_was_put_off(office, sam, taken):
    office.duty.snooze(sam, taken.reference, office.clock.now + timedelta(hours=1))
    office.duty.reply(sam, taken.reference, "hello", "one")
    assert (office.now(taken).status, office.now(taken).snoozed_until) == (Status.TAKEN, None)


def test_after_a_reply_nothing_before_it_counts_as_new(office, sam, taken):
    office.writes(office.store.find(taken.conversation_id), "are you there?")
    assert office.cases.by_id(sam, taken.id).unread == 2
    office.duty.reply(sam, taken.reference, "yes", "one")
    assert office.cases.by_id(sam, taken.id).unread == 0


@pytest.mark.parametrize("text", ["", "  ", "\x00"])
def test_nothing_to_read_is_neither_a_reply_nor_a_note(office, sam, taken, text):
    for call in (
        lambda: office.duty.reply(sam, taken.reference, text, "1"),
        lambda: office.duty.note(sam, taken.reference, text),
    ):
        with pytest.raises(MessageRefused):
            call()
    assert [row.what for row in office.audited(taken)] == ["case taken"]


def test_a_reply_and_a_note_have_their_lengths(office, sam, taken):
    office.duty.reply(sam, taken.reference, "x" * LONGEST_REPLY, "one")
    office.duty.note(sam, taken.reference, "x" * LONGEST_NOTE)
    longer = "x" * (LONGEST_REPLY + 1)
    refused(office, taken, lambda: office.duty.reply(sam, taken.reference, longer, "two"), match="5,000 characters")
    refused(office, taken, lambda: office.duty.note(sam, taken.reference, "x" * (LONGEST_NOTE + 1)), match="10,000 char")


def test_who_deleted_the_chat_cannot_be_written_to_and_nothing_more_is_kept_of_them(office, sam, taken):
    office.store.delete(taken.conversation_id)
    refused(office, taken, lambda: office.duty.reply(sam, taken.reference, "hi", "one"), match="has deleted this chat")
    refused(office, taken, lambda: office.duty.note(sam, taken.reference, "hi"), match="nothing more about it is kept")
    refused(office, taken, lambda: office.duty.give_back(sam, taken.reference), match="answers in this chat already")
    office.duty.close(sam, taken.reference, Outcome.NO_REPLY)
    assert office.now(taken).outcome == "no reply"


# handing over


def test_a_case_goes_to_a_colleague_who_is_to_take_it(office, sam, dana, taken):
    [told] = office.duty.hand(sam, taken.reference, dana.id).told
    now = office.now(taken)
    assert (now.status, now.holder_id, now.taken_at) == (Status.OPEN, dana.id, None)
    assert office.answers(taken) == "waiting"
    assert told.text == office.words("handoff_passed")
    refused(office, taken, lambda: office.duty.reply(dana, taken.reference, "hi", "one"), match="Take this case first")
    office.duty.take(dana, taken.reference)
    assert office.now(taken).holder_id == dana.id


def test_a_case_goes_back_to_the_whole_team(office, sam, taken):
    office.duty.hand(sam, taken.reference, None)
    assert (office.now(taken).status, office.now(taken).holder_id) == (Status.OPEN, None)


def test_an_adviser_to_whom_a_case_is_handed_sees_it_from_then_on(office, sam, pat, taken):
    with pytest.raises(CaseNotFound):
        office.cases.case(pat, taken.reference)
    office.duty.hand(sam, taken.reference, pat.id)
    assert office.cases.case(pat, taken.reference).holder == "Pat Poe"
    assert office.now(taken).pa_id == pat.id


def test_a_case_is_not_handed_to_somebody_who_is_away_off_elsewhere_or_no_desk_worker(office, sam, dana, taken):
    office.accounts.set_away(dana.id, True)
    refused(office, taken, lambda: office.duty.hand(sam, taken.reference, dana.id), match="Dana Fox is away")
    office.accounts.set_away(dana.id, False)
    office.accounts.switch_off(dana.id, None)
    others = [dana, office.member("Cora Day", authority=COUNTY), office.member("Ed Itor", Role.EDITOR)]
    for id in [*(each.id for each in others), 999_999]:
        refused(office, taken, lambda id=id: office.duty.hand(sam, taken.reference, id), match="cannot be handed to them")


def test_the_page_offers_only_colleagues_to_whom_the_case_can_be_handed(office, sam, dana, pat, taken):
    office.member("Cora Day", authority=COUNTY)
    office.member("Ed Itor", Role.EDITOR)
    away = office.member("Ava Way")
    office.accounts.set_away(away.id, True)
    found = office.cases.colleagues(sam, office.cases.case(sam, taken.reference))
    assert found == [(dana.id, "Dana Fox", "duty"), (pat.id, "Pat Poe", "pa")]
    for id, _, _ in found:
        office.duty.hand(sam, taken.reference, id)
        office.duty.take(sam, taken.reference, over=True)


def test_who_has_handed_a_case_over_does_not_hand_it_on_from_an_old_page(office, sam, dana, pat, taken):
    office.duty.hand(sam, taken.reference, pat.id)
    for member in (sam, dana, pat):
        refused(office, taken, lambda by=member: office.duty.hand(by, taken.reference, None), match="Take this case first")


# who is alerted of what is handed over


@pytest.fixture
def outbox(office):
    return Outbox(office.database, office.clock)


@pytest.fixture
def watch(office, outbox):
    def in_an_hour(urgency, authority, start):
        return start + timedelta(hours=1)

    return Watch(office.database, outbox, StaffRecipients(office.database, {CITY: HOOK}), office.clock, due=in_an_hour)


def handing(office, announce) -> Duty:
    return Duty(office.database, office.handoff, office.audit, due=office.targets.due, clock=office.clock, announce=announce)


@pytest.fixture
def alerted(office, outbox, taken):
    """What was alerted of the case since it was last asked."""
    seen = 0

    def alerted():
        nonlocal seen
        found = [(alert.stage.value, alert.address) for alert in outbox.of([taken.id])[seen:]]
        seen += len(found)
        return found

    return alerted


def test_who_is_handed_a_case_is_alerted_each_time_and_nobody_else(office, watch, alerted, sam, dana, pat, taken):
    duty = handing(office, watch.announce_handed)
    for colleague in (dana, pat, dana, dana):
        duty.hand(sam, taken.reference, colleague.id)
        assert alerted() == [("handed", colleague.email)]
        duty.take(sam, taken.reference)
    watch.look()
    assert alerted() == []


@pytest.mark.parametrize("urgency", list(Urgency))
def test_a_case_that_goes_back_to_the_team_is_alerted_to_the_team_at_once(office, watch, alerted, sam, dana, taken, urgency):
    office.set(taken, urgency=urgency.value)
    handing(office, watch.announce_handed).hand(sam, taken.reference, None)
    assert alerted() == [("back", sam.email), ("back", dana.email), ("back", HOOK)]


def test_what_a_colleague_leaves_until_it_is_late_is_the_teams_who_are_alerted_as_of_any_other(
    office, watch, alerted, sam, dana, taken
):
    duty = handing(office, watch.announce_handed)
    office.set(taken, due_at=office.clock.now + timedelta(minutes=30))
    duty.hand(sam, taken.reference, dana.id)
    office.clock.turn(minutes=29)
    assert (duty.move(), watch.look(), alerted()) == (([], []), None, [("handed", dana.email)])
    office.clock.turn(minutes=1)
    assert duty.move() == ([taken.id], [])
    watch.look()
    assert alerted() == [("waiting", sam.email), ("waiting", dana.email), ("waiting", HOOK)]


def test_what_was_late_before_is_alerted_to_the_team_again_when_it_is_handed_over_and_left(
    office, watch, alerted, sam, dana, case
):
    duty, team = handing(office, watch.announce_handed), (sam.email, dana.email, HOOK)
    day = timedelta(days=1)
    office.set(case, opened_at=office.clock.now - 2 * day, due_at=office.clock.now - day, status="open", holder_id=None)
    watch.look()
    assert alerted() == [*(("new", to) for to in team), *(("waiting", to) for to in team)]
    duty.take(sam, case.reference)
    duty.hand(sam, case.reference, dana.id)
    office.clock.turn(minutes=59)
    assert (duty.move(), watch.look(), alerted()) == (([], []), None, [("handed", dana.email)])
    office.clock.turn(minutes=2)
    assert (duty.move(), watch.look()) == (([], []), None)
    assert alerted() == [("waiting", to) for to in team]


def test_an_alert_that_cannot_be_put_keeps_nobody_from_handing_a_case_over(office, sam, dana, taken, caplog):
    def fails(connection, escalation_id):
        connection.execute(sa.text("SELECT words FROM nowhere"))

    [told] = handing(office, fails).hand(sam, taken.reference, dana.id).told
    assert (office.now(taken).status, office.now(taken).holder_id) == (Status.OPEN, dana.id)
    assert office.said(taken)[-1].id == told.id
    assert office.log(sam, taken)[-1] == ("handed over", "Sam Lee")
    assert office.audited(taken)[-1].what == "case handed over"
    assert f"Escalation {taken.id} was handed over, and nobody alerted" in caplog.text
    assert "nowhere" not in caplog.text


def test_of_a_handing_over_that_is_refused_nobody_is_alerted(office, watch, alerted, sam, dana, taken):
    duty = handing(office, watch.announce_handed)
    office.accounts.set_away(dana.id, True)
    refused(office, taken, lambda: duty.hand(sam, taken.reference, dana.id), match="is away")
    refused(office, taken, lambda: duty.hand(dana, taken.reference, sam.id), match="Take this case first")
    assert alerted() == []


# putting off


@pytest.mark.parametrize(
    "wait", [timedelta(0), -timedelta(days=1), SHORTEST_SNOOZE - timedelta(seconds=1), LONGEST_SNOOZE + timedelta(seconds=1)]
)
def test_a_case_is_put_off_for_five_minutes_to_thirty_days(office, sam, taken, wait):
    until = office.clock.now + wait
    refused(office, taken, lambda: office.duty.snooze(sam, taken.reference, until), match="five minutes to thirty days")


@pytest.mark.parametrize("wait", [SHORTEST_SNOOZE, LONGEST_SNOOZE])
def test_a_case_that_is_put_off_comes_back_when_its_time_has_come_and_not_before(office, sam, taken, wait):
    office.duty.snooze(sam, taken.reference, office.clock.now + wait)
    until = clock_words(office.clock.now + wait, office.clock.now)
    assert office.said(taken)[-1].text == office.words("handoff_put_off", name="Sam", until=until)
    office.clock.now += wait - timedelta(seconds=1)
    assert office.duty.move() == ([], [])
    assert office.now(taken).status is Status.SNOOZED
    office.clock.turn(seconds=1)
    assert office.duty.move() == ([taken.id], [])
    now = office.now(taken)
    assert (now.status, now.holder_id, now.snoozed_until) == (Status.TAKEN, sam.id, None)
    assert office.log(sam, taken)[-1] == ("came back", None)
    assert office.duty.move() == ([], [])


def test_a_case_that_was_closed_while_it_was_put_off_does_not_come_back(office, sam, taken):
    office.duty.snooze(sam, taken.reference, office.clock.now + timedelta(hours=1))
    office.duty.close(sam, taken.reference, Outcome.HELPED)
    office.clock.turn(hours=2)
    assert office.duty.move() == ([], [])
    assert office.now(taken).status is Status.CLOSED


def test_what_an_adviser_leaves_until_it_is_late_is_the_teams_and_the_person_is_told(office, sam, pat):
    case = office.asks(office.chat(pa=pat), to_pa=True)
    assert office.now(case).holder_id == pat.id
    office.clock.now = case.due_at - timedelta(seconds=1)
    assert office.duty.move() == ([], [])
    office.clock.turn(seconds=1)
    moved, [told] = office.duty.move()
    assert moved == [case.id]
    assert (told.text, office.said(case)[-1].id) == (office.words("handoff_pa_late"), told.id)
    assert office.now(case).holder_id is None
    assert office.cases.case(pat, case.reference)
    assert office.duty.move() == ([], [])


@pytest.mark.parametrize("how", ["away", "off"])
def test_what_waits_for_who_goes_away_is_the_teams_at_once_who_are_alerted_and_the_person_is_told(
    office, watch, outbox, sam, dana, pat, how
):
    case = office.asks(office.chat(pa=pat), to_pa=True)
    if how == "away":
        office.accounts.set_away(pat.id, True)
    else:
        office.accounts.switch_off(pat.id, None)
    moved, [told] = handing(office, watch.announce_handed).move()
    assert (moved, told.text) == ([case.id], office.words("handoff_pa_away"))
    assert (office.now(case).holder_id, office.log(sam, case)[-1]) == (None, ("left to the team", None))
    assert [alert.address for alert in outbox.of([case.id])] == [sam.email, dana.email, HOOK]
    assert office.duty.move() == ([], [])


def test_what_somebody_has_taken_stays_theirs_when_they_go_away(office, sam, taken):
    office.duty.reply(sam, taken.reference, "hello", "1")
    office.accounts.set_away(sam.id, True)
    assert office.duty.move() == ([], [])
    assert office.now(taken).holder_id == sam.id


def test_the_person_is_told_each_time_whether_their_adviser_or_the_team_is_to_answer(office, sam, pat):
    def to() -> str:
        return office.said(case)[-1].details["handoff"]["to"]

    case = office.asks(office.chat(pa=pat), to_pa=True)
    seen = [to()]
    office.set(case, due_at=office.clock.now)
    office.duty.move()
    seen.append(to())
    office.duty.take(sam, case.reference)
    seen.append(to())
    office.duty.hand(sam, case.reference, pat.id)
    seen.append(to())
    office.duty.take(pat, case.reference)
    seen.append(to())
    office.duty.hand(pat, case.reference, None)
    seen.append(to())
    assert seen == ["pa", "duty", "duty", "pa", "pa", "duty"]


def test_the_adviser_who_left_a_case_to_the_team_does_not_get_it_again_and_the_person_is_told(office, pat):
    chat = office.chat(pa=pat)
    case = office.asks(chat, to_pa=True)
    office.set(case, due_at=office.clock.now)
    office.duty.move()
    office.asks_the_assistant(chat)
    again = office.asks(chat, to_pa=True)
    assert (again.id, again.holder_id) == (case.id, None)
    assert office.said(case)[-1].text.startswith(office.words("handoff_pa_late"))
    assert office.words("handoff_to_pa") not in office.said(case)[-1].text


def test_an_adviser_who_is_asked_for_later_gets_the_case_with_as_long_for_it_as_for_a_new_one(office, pat):
    chat = office.chat(pa=pat)
    case = office.asks(chat)
    office.set(case, due_at=office.clock.now - timedelta(days=1))
    office.asks_the_assistant(chat)
    given = office.asks(chat, to_pa=True)
    assert (given.id, given.holder_id, given.pa_id) == (case.id, pat.id, pat.id)
    assert given.due_at > office.clock.now
    assert office.duty.move() == ([], [])
    assert office.words("handoff_to_pa") in office.said(case)[-1].text


def test_a_case_that_is_handed_over_late_stays_with_whom_it_was_handed_to(office, sam, pat, taken):
    office.set(taken, due_at=office.clock.now - timedelta(days=1))
    office.duty.hand(sam, taken.reference, pat.id)
    office.clock.turn(minutes=1)
    assert office.duty.move() == ([], [])
    assert office.now(taken).holder_id == pat.id


# giving back, closing, opening again


def test_giving_back_lets_the_assistant_answer_and_keeps_the_case(office, sam, taken):
    [told] = office.duty.give_back(sam, taken.reference).told
    assert told.text == office.words("handoff_given_back", name="Sam")
    assert office.answers(taken) == "bot"
    assert (office.now(taken).status, office.now(taken).holder_id) == (Status.TAKEN, sam.id)
    refused(office, taken, lambda: office.duty.give_back(sam, taken.reference), match="answers in this chat already")


def test_closing_gives_the_chat_back_and_says_so(office, sam, taken):
    [told] = office.duty.close(sam, taken.reference, Outcome.HELPED).told
    now = office.now(taken)
    assert (now.status, now.outcome, now.closed_at) == (Status.CLOSED, "helped", office.clock.now)
    assert office.answers(taken) == "bot"
    assert told.text == office.words("handoff_closed_case", name="Sam")
    assert (told.details["feedback"], told.details["handoff"]["status"]) == (True, "closed")


def test_who_was_in_danger_is_never_asked_to_rate_it(office, sam):
    case = office.cries(office.chat())
    office.duty.take(sam, case.reference)
    [told] = office.duty.close(sam, case.reference, Outcome.SAFE).told
    assert "feedback" not in told.details


def test_what_was_written_while_a_person_had_the_chat_waits_for_no_assistant_afterwards(office, sam, case):
    chat = office.store.find(case.conversation_id)
    waiting = [office.writes(chat, "one")]
    office.duty.take(sam, case.reference)
    waiting.append(office.writes(chat, "two"))
    office.duty.close(sam, case.reference, Outcome.HELPED)
    assert office.store.unanswered() == []
    assert office.store.unanswered_until(waiting[-1]) == []


def test_a_closed_case_is_opened_again_by_whoever_has_it_then_and_the_assistant_goes_on(office, sam, dana, taken):
    office.duty.close(sam, taken.reference, Outcome.HELPED)
    for act in (office.duty.take, office.duty.give_back):
        refused(office, taken, lambda act=act: act(sam, taken.reference), match="This case is closed")
    refused(office, taken, lambda: office.duty.hand(sam, taken.reference, dana.id), match="This case is closed")
    assert office.duty.reopen(dana, taken.reference).told == []
    now = office.now(taken)
    assert (now.status, now.holder_id, now.closed_at, now.outcome) == (Status.TAKEN, dana.id, None, None)
    assert office.answers(taken) == "bot"
    refused(office, taken, lambda: office.duty.reopen(dana, taken.reference), match="is not closed")


def test_a_case_is_not_opened_again_beside_a_newer_one_of_the_same_chat(office, sam, taken):
    office.duty.close(sam, taken.reference, Outcome.HELPED)
    newer = office.cries(office.store.find(taken.conversation_id))
    refused(office, taken, lambda: office.duty.reopen(sam, taken.reference), match="There is a newer case")
    assert newer.reference != taken.reference


@pytest.mark.parametrize("act", ["close", "settle"])
def test_who_has_not_read_all_that_was_written_ends_nothing(office, sam, taken, act):
    arguments = {"close": [Outcome.HELPED], "settle": []}[act]
    chat = office.store.find(taken.conversation_id)
    read = office.said(taken)[-1].id
    office.writes(chat, "one more thing")
    doing = getattr(office.duty, act)
    refused(office, taken, lambda: doing(sam, taken.reference, *arguments, read=read), match="that you have not read yet")
    doing(sam, taken.reference, *arguments, read=office.said(taken)[-1].id)


def test_nobody_hands_a_case_to_themselves(office, sam, case, taken):
    for each in (case, taken):
        refused(office, each, lambda each=each: office.duty.hand(sam, each.reference, sam.id), match="take it")


# all acts


def acts(office, member, case, to):
    until = office.clock.now + timedelta(hours=1)
    return {
        "reply": lambda: office.duty.reply(member, case.reference, "hi", "one"),
        "snooze": lambda: office.duty.snooze(member, case.reference, until),
        "give_back": lambda: office.duty.give_back(member, case.reference),
        "close": lambda: office.duty.close(member, case.reference, Outcome.HELPED),
        "settle": lambda: office.duty.settle(member, case.reference),
        "take": lambda: office.duty.take(member, case.reference, over=True),
        "hand": lambda: office.duty.hand(member, case.reference, to),
        "note": lambda: office.duty.note(member, case.reference, "a note"),
        "reopen": lambda: office.duty.reopen(member, case.reference),
        "opened": lambda: office.duty.opened(member, case.reference),
    }


def test_only_who_has_a_case_answers_puts_off_gives_back_and_closes_it(office, sam, dana, case):
    for name in ("reply", "snooze", "give_back", "close", "settle"):
        refused(office, case, acts(office, sam, case, None)[name], match="Take this case first")
    office.duty.take(dana, case.reference)
    for name in ("reply", "snooze", "give_back", "close", "settle"):
        refused(office, case, acts(office, sam, case, None)[name], match="Take this case first")


def test_a_case_that_one_may_not_see_does_not_exist_for_any_act(office, sam, pat, taken):
    editor, other = office.member("Ed Itor", Role.EDITOR), office.member("Cora Day", authority=COUNTY)
    before = (office.now(taken), office.said(taken), office.log(sam, taken), office.audited(taken))
    for member in (editor, other, pat):
        for act in acts(office, member, taken, member.id).values():
            with pytest.raises(CaseNotFound) as hidden:
                act()
            with pytest.raises(CaseNotFound) as unknown:
                office.duty.take(member, "NOSUCH")
            assert str(hidden.value) == str(unknown.value)
    assert (office.now(taken), office.said(taken), office.log(sam, taken), office.audited(taken)) == before


def test_every_act_is_in_the_log_and_in_the_audit_with_who_did_it(office, sam, dana, case):
    duty, reference = office.duty, case.reference
    duty.take(sam, reference)
    duty.take(dana, reference, over=True)
    duty.reply(dana, reference, "words of the team", "one")
    duty.note(dana, reference, "a private note")
    duty.snooze(dana, reference, office.clock.now + timedelta(hours=1))
    duty.take(dana, reference)
    duty.give_back(dana, reference)
    duty.hand(dana, reference, sam.id)
    duty.take(sam, reference)
    duty.close(sam, reference, Outcome.PASSED_ON)
    duty.reopen(sam, reference)
    done = [
        ("taken", "Sam Lee"), ("taken over", "Dana Fox"), ("replied", "Dana Fox"), ("noted", "Dana Fox"),
        ("put off", "Dana Fox"), ("taken", "Dana Fox"), ("given back", "Dana Fox"), ("handed over", "Dana Fox"),
        ("taken", "Sam Lee"), ("closed", "Sam Lee"), ("reopened", "Sam Lee"),
    ]  # fmt: skip
    assert office.log(sam, case) == [("opened", None), *done]
    names = {sam.id: sam.name, dana.id: dana.name}
    rows = office.audited(case)
    assert [(row.what, names[row.member]) for row in rows] == [(f"case {what}", who) for what, who in done]
    assert {row.authority for row in rows} == {CITY}
    assert [row.detail for row in rows if row.what == "case closed"] == ["passed on"]
    assert "words of the team" not in repr(rows)
    assert "private" not in repr(rows)


def test_looking_at_a_case_is_in_the_audit_and_an_export_too(office, sam, case):
    office.duty.opened(sam, case.reference)
    assert [(row.what, row.member) for row in office.audited(case)] == [("case saw", sam.id)]
    assert [what for what, _ in office.log(sam, case)] == ["opened"]
    office.duty.exported(sam)
    [row] = office.audit.search(what="cases exported")
    assert (row.member, row.authority) == (sam.id, CITY)


def test_what_staff_do_while_the_person_writes_and_the_assistant_answers_goes_through(office, sam, taken):
    """Nobody waits for somebody who waits for them: on PostgreSQL that ends one of the two with an error."""
    chat, rounds = office.store.find(taken.conversation_id), 25

    def work():
        for number in range(rounds):
            office.duty.give_back(sam, taken.reference)
            office.duty.reply(sam, taken.reference, "hello", str(number))
            office.duty.snooze(sam, taken.reference, office.clock.now + timedelta(hours=1))

    def answer():
        for _ in range(rounds):
            message = office.writes(chat, "a question")
            office.store.reply(message, [{"kind": "answer", "text": "An answer."}])
            office.handoffs.pass_on(message)

    def cry():
        for _ in range(rounds):
            office.cries(chat)

    def move():
        for _ in range(rounds):
            office.set(taken, snoozed_until=office.clock.now)
            office.duty.move()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(each) for each in (work, answer, cry, move)]:
            done.result(60)
    assert office.now(taken).urgency is Urgency.EMERGENCY
    assert [said.text for said in office.said(taken)].count("hello") == rounds


def test_what_is_left_to_the_team_while_the_person_cries_for_help_goes_through(office, pat):
    chat, rounds = office.chat(pa=pat), 25
    case = office.asks(chat, to_pa=True)

    def move():
        for _ in range(rounds):
            office.set(case, holder_id=pat.id, due_at=office.clock.now)
            office.duty.move()

    def cry():
        for _ in range(rounds):
            office.cries(chat)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(each) for each in (move, cry)]:
            done.result(60)
    assert office.now(case).urgency is Urgency.EMERGENCY


def test_nobody_hands_away_what_a_colleague_has(office, sam, dana, pat, taken):
    with pytest.raises(ActRefused, match="Take this case first"):
        office.duty.hand(dana, taken.reference, pat.id)
    assert office.now(taken).holder_id == sam.id
