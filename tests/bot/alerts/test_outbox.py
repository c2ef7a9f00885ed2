"""An alert is kept until it is sent or given up, is given to one sender at a time, and is made once. On both databases."""

from __future__ import annotations

import concurrent.futures
from contextlib import closing
from datetime import timedelta

from bot.alerts.model import Medium, Stage
from bot.alerts.outbox import KEEPS_TRYING, LEASE, Outbox, pause_after
from tests.bot.alerts.people import ANNA, CITY, MORNING, a_case, a_member, change, put

BEN = (Medium.EMAIL, "ben@example.org")
CHANNEL = (Medium.WEBHOOK, "https://hooks.example.org/secret")


def test_what_is_put_is_due_at_once_with_what_is_told_of_the_case(database, outbox):
    case = a_case(database, reference="KC7XQ2", urgency="emergency")
    put(database, outbox, case, ANNA, CHANNEL)
    anna, channel = outbox.due()
    assert (anna.medium, anna.address) == ANNA
    assert (channel.medium, channel.address) == CHANNEL
    assert (anna.escalation_id, anna.reference, anna.urgency, anna.authority) == (case, "KC7XQ2", "emergency", CITY)
    assert (anna.opened_at, anna.made_at, anna.stage, anna.attempts) == (MORNING, MORNING, Stage.NEW, 1)


def test_the_same_reason_and_address_is_put_once_for_ever(database, outbox):
    case = a_case(database)
    put(database, outbox, case, ANNA, ANNA)
    [alert] = outbox.due()
    outbox.sent(alert.id)
    put(database, outbox, case, ANNA, BEN)
    put(database, outbox, case, ANNA, stage=Stage.WAITING)
    put(database, outbox, a_case(database), ANNA)
    put(database, outbox, case)
    assert [(each.address, each.stage.value) for each in outbox.of([case])] == [
        (ANNA[1], "new"),
        (BEN[1], "new"),
        (ANNA[1], "waiting"),
    ]


def test_what_is_put_in_a_transaction_that_fails_is_not_there(database, outbox):
    case = a_case(database)
    connection = database.engine.connect()
    with closing(connection), connection.begin() as transaction:
        outbox.put(connection, case, Stage.NEW, [ANNA])
        transaction.rollback()
    assert outbox.due() == []


def test_nothing_is_sent_to_who_has_no_account_any_more_and_nobody_is_troubled_by_it(database, outbox, clock):
    a_member(database, ANNA[1], is_active=False)
    case = a_case(database)
    put(database, outbox, case, ANNA, CHANNEL)
    [alert] = outbox.due()
    assert alert.medium is Medium.WEBHOOK
    assert [(each.medium, each.is_dropped) for each in outbox.of([case])] == [(Medium.EMAIL, True), (Medium.WEBHOOK, False)]
    outbox.sent(alert.id)
    clock.turn(minutes=10)
    assert (outbox.due(), outbox.troubled()) == ([], 0)


def test_what_was_sent_is_never_due_again(database, outbox, clock):
    put(database, outbox, a_case(database), ANNA)
    [alert] = outbox.due()
    clock.turn(seconds=1)
    outbox.sent(alert.id)
    outbox.put_off(alert.id, "A late word.")
    outbox.given_up(alert.id, "A late word.")
    clock.turn(days=2)
    assert outbox.due() == []
    [kept] = outbox.of([alert.escalation_id])
    assert (kept.sent_at, kept.failed_at, kept.error) == (MORNING + timedelta(seconds=1), None, None)


def test_an_alert_is_given_to_one_sender_and_again_only_when_its_lease_is_over(database, outbox, clock):
    put(database, outbox, a_case(database), ANNA)
    assert len(outbox.due()) == 1
    clock.turn(seconds=LEASE.total_seconds() - 1)
    assert Outbox(database, clock).due() == []
    clock.turn(seconds=1)
    assert [alert.attempts for alert in Outbox(database, clock).due()] == [2]


def test_many_senders_at_once_are_given_each_alert_once(database, outbox):
    case = a_case(database)
    put(database, outbox, case, *((Medium.EMAIL, f"{number}@example.org") for number in range(30)))
    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        given = [alert.id for alerts in threads.map(lambda _: outbox.due(4), range(12)) for alert in alerts]
    given += [alert.id for alert in outbox.due(30)]
    assert len(given) == len(set(given)) == 30


def test_what_was_never_tried_comes_before_what_failed(database, outbox, clock):
    case = a_case(database)
    put(database, outbox, case, CHANNEL)
    [failed] = outbox.due()
    outbox.put_off(failed.id, "It was away.")
    clock.turn(hours=1)
    put(database, outbox, case, ANNA)
    assert [alert.address for alert in outbox.due(1)] == [ANNA[1]]


def test_it_waits_longer_after_each_failure_and_ten_minutes_at_most():
    bounds = [5, 10, 20, 40, 80, 160, 320, 600, 600]
    for attempts, seconds in enumerate(bounds, 1):
        pauses = [pause_after(attempts).total_seconds() for _ in range(50)]
        assert seconds * 0.8 <= min(pauses) < max(pauses) <= seconds
    assert pause_after(10_000).total_seconds() <= 600


def test_what_is_put_off_comes_again_after_its_pause(database, outbox, clock):
    put(database, outbox, a_case(database), ANNA)
    [alert] = outbox.due()
    outbox.put_off(alert.id, "It was away. " * 100)
    [kept] = outbox.of([alert.escalation_id])
    assert timedelta(seconds=4) <= kept.next_at - MORNING <= timedelta(seconds=5)
    assert kept.error.startswith("It was away.")
    assert outbox.due() == []
    clock.turn(seconds=5)
    assert [again.attempts for again in outbox.due()] == [2]


def test_it_is_given_up_when_it_is_a_day_old_and_not_before(database, outbox, clock):
    put(database, outbox, a_case(database), ANNA)
    [alert] = outbox.due()
    clock.turn(seconds=KEEPS_TRYING.total_seconds() - 1)
    outbox.put_off(alert.id, "It was away.")
    [kept] = outbox.of([alert.escalation_id])
    assert kept.failed_at is None
    clock.turn(minutes=10)
    [alert] = outbox.due()
    outbox.put_off(alert.id, "It was away.")
    [kept] = outbox.of([alert.escalation_id])
    assert (kept.failed_at, kept.error) == (clock.now, "It was away.")
    clock.turn(days=1)
    assert outbox.due() == []


def test_troubled_are_those_given_up_and_those_late_by_more_than_two_minutes(database, outbox, clock):
    case = a_case(database)
    put(database, outbox, case, ANNA, BEN, CHANNEL)
    anna, ben, _ = outbox.due()
    outbox.given_up(anna.id, "It was refused.")
    outbox.sent(ben.id)
    assert outbox.troubled() == 1
    clock.turn(minutes=2)
    assert outbox.troubled() == 1
    clock.turn(seconds=1)
    assert outbox.troubled() == 2
    change(database, case, status="taken")
    assert outbox.troubled() == 2
    change(database, case, status="closed")
    assert outbox.troubled() == 0


def test_the_alerts_of_some_cases_are_told_and_of_no_others(database, outbox):
    one, other = a_case(database), a_case(database)
    put(database, outbox, one, ANNA)
    put(database, outbox, other, BEN)
    assert [alert.address for alert in outbox.of([other])] == [BEN[1]]
    assert outbox.of([]) == []


def test_an_address_is_in_no_text_of_an_alert(database, outbox):
    put(database, outbox, a_case(database), CHANNEL)
    assert "secret" not in repr(outbox.due())
