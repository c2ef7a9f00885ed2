"""Of a case that is handed over, whoever is to take it is told anew, and after them the team and a manager, also again."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

import pytest

from bot.alerts.model import Medium, Stage
from bot.alerts.recipients import StaffRecipients
from bot.alerts.rounds import kept, stage_of
from bot.alerts.tables import alerts
from bot.alerts.watch import Watch
from bot.conversations.model import TARGETS, Urgency
from content.database import Database
from tests.bot.alerts.people import CITY, COUNTY, MORNING, a_case, a_member, change, hand_over

DUTY, ADMIN, PA, HOOK = "duty@city", "admin@city", "pa@city", "https://hooks.example.org/city"
FOUR_HOURS = timedelta(hours=4)


def due(urgency: Urgency, authority: str | None, start: datetime) -> datetime:
    return start + FOUR_HOURS


@pytest.fixture
def recipients(database) -> StaffRecipients:
    return StaffRecipients(database, {CITY: HOOK})


@pytest.fixture
def watch(database, outbox, recipients, clock) -> Watch:
    return Watch(database, outbox, recipients, clock, due=due)


@pytest.fixture
def pa(database) -> int:
    """The city's personal adviser, beside its duty member and its manager."""
    a_member(database, DUTY)
    a_member(database, ADMIN, "admin")
    return a_member(database, PA, "pa")


@pytest.fixture
def hand(database: Database, watch: Watch, clock):
    """Hand a case over, now."""

    def hand(case: int, to: int | None) -> None:
        hand_over(database, case, to, clock.now)
        with database.write() as connection:
            watch.announce_handed(connection, case)

    return hand


@pytest.fixture
def case(database, watch) -> int:
    """A case of which the team was told, and which somebody took."""
    made = a_case(database, urgency="routine", due_at=MORNING + FOUR_HOURS)
    watch.look()
    change(database, made, status="taken")
    return made


@pytest.fixture
def news(outbox, case):
    """What was told of the case since it was last asked, but for the first word of it."""
    seen = len(outbox.of([case]))

    def news() -> list[tuple[str, str]]:
        nonlocal seen
        found = [(alert.stage.value, alert.address) for alert in outbox.of([case])[seen:]]
        seen += len(found)
        return found

    return news


def test_who_is_handed_a_case_is_told_alone_and_by_e_mail(outbox, watch, hand, pa, case, news):
    hand(case, pa)
    watch.look()
    assert news() == [("handed", PA)]
    assert outbox.of([case])[-1].medium is Medium.EMAIL


def test_it_is_one_more_alert_for_each_time_that_they_are_handed_it(outbox, watch, hand, pa, case, news):
    hand(case, pa)
    [first] = outbox.due(20)[-1:]
    outbox.sent(first.id)
    hand(case, pa)
    watch.look()
    assert news() == [("handed", PA), ("handed", PA)]
    [second] = outbox.due()
    assert second.key != first.key


def test_it_is_told_of_in_the_transaction_that_hands_the_case_over(database, watch, pa, case, news, clock):
    hand_over(database, case, pa, clock.now)
    connection = database.engine.connect()
    with closing(connection), connection.begin() as transaction:
        watch.announce_handed(connection, case)
        transaction.rollback()
    assert news() == []


@pytest.mark.parametrize("to_pa", [True, False])
def test_what_could_not_be_told_then_is_told_at_the_next_look(database, watch, pa, case, news, clock, to_pa):
    hand_over(database, case, pa if to_pa else None, clock.now)
    watch.look()
    watch.look()
    assert news() == {True: [("handed", PA)], False: [("back", DUTY), ("back", HOOK)]}[to_pa]


@pytest.mark.parametrize("absence", [{"is_away": True}, {"is_active": False}])
def test_for_somebody_who_is_not_there_any_more_the_team_is_told(database, hand, case, news, pa, absence):
    hand(case, a_member(database, "gone@city", "pa", **absence))
    assert news() == [("back", DUTY), ("back", HOOK)]


@pytest.mark.parametrize("urgency", ["routine", "emergency"])
def test_of_a_case_that_goes_back_to_the_team_the_team_is_told_each_time_at_once(database, hand, pa, case, news, urgency):
    change(database, case, urgency=urgency)
    hand(case, None)
    hand(case, None)
    assert news() == [("back", DUTY), ("back", HOOK)] * 2


def test_where_nobody_is_in_the_team_it_goes_back_to_the_managers(database, outbox, watch, hand):
    a_member(database, ADMIN, "admin")
    case = a_case(database)
    hand(case, None)
    assert {(alert.stage.value, alert.address) for alert in outbox.of([case])} == {("back", HOOK), ("back", ADMIN)}


def test_what_is_handed_over_in_time_is_the_teams_when_it_is_due(watch, hand, pa, case, news, clock):
    clock.turn(hours=1)
    hand(case, pa)
    clock.turn(hours=3, seconds=-1)
    watch.look()
    assert news() == [("handed", PA)]
    clock.turn(seconds=1)
    watch.look()
    assert news() == [("waiting", DUTY), ("waiting", HOOK)]
    clock.turn(hours=4)
    watch.look()
    assert news() == [("manager", ADMIN)]


def test_all_that_was_told_before_silences_nothing_after_it_is_handed_over(database, watch, hand, pa, case, news, clock):
    change(database, case, status="open")
    clock.turn(days=1)
    watch.look()
    assert news() == [("waiting", DUTY), ("waiting", HOOK), ("manager", ADMIN)]
    change(database, case, status="taken")
    for _ in range(2):
        hand(case, pa)
        clock.turn(hours=4, seconds=-1)
        watch.look()
        assert news() == [("handed", PA)]
        clock.turn(seconds=1)
        watch.look()
        assert news() == [("waiting", DUTY), ("waiting", HOOK)]
        clock.turn(hours=4)
        watch.look()
        watch.look()
        assert news() == [("manager", ADMIN)]


def test_what_goes_back_late_and_stays_with_nobody_is_told_again_and_to_a_manager(watch, hand, pa, case, news, clock):
    clock.turn(days=3)
    hand(case, None)
    clock.turn(hours=4)
    watch.look()
    clock.turn(hours=4)
    watch.look()
    both = (DUTY, HOOK)
    assert news() == [*(("back", to) for to in both), *(("waiting", to) for to in both), ("manager", ADMIN)]


@pytest.mark.parametrize("due_in", [timedelta(days=-1), timedelta(minutes=5), timedelta(days=1)])
def test_an_emergency_that_is_handed_over_waits_five_minutes_and_five_more(
    database, watch, hand, pa, case, news, clock, due_in
):
    clock.turn(hours=14)
    change(database, case, urgency="emergency", due_at=clock.now + due_in)
    hand(case, pa)
    clock.turn(minutes=5, seconds=-1)
    watch.look()
    assert news() == [("handed", PA)]
    clock.turn(seconds=1)
    watch.look()
    assert news() == [("waiting", DUTY), ("waiting", HOOK)]
    clock.turn(minutes=5, seconds=-1)
    watch.look()
    assert news() == []
    clock.turn(seconds=1)
    watch.look()
    assert news() == [("manager", ADMIN)]


def test_a_manager_has_five_minutes_after_the_team_also_when_an_emergency_is_handed_over_just_before_it_is_due(
    database, watch, hand, pa, case, news, clock
):
    change(database, case, urgency="emergency", due_at=clock.now + timedelta(minutes=5))
    clock.turn(minutes=4)
    hand(case, pa)
    clock.turn(minutes=1)
    watch.look()
    assert news() == [("handed", PA), ("waiting", DUTY), ("waiting", HOOK)]
    clock.turn(minutes=4)
    watch.look()
    assert news() == []
    clock.turn(minutes=1)
    watch.look()
    assert news() == [("manager", ADMIN)]


def test_a_new_cry_after_it_was_handed_over_is_announced_as_the_first_was(database, watch, hand, pa, case, news, clock):
    def cry() -> None:
        with database.write() as connection:
            watch.announce(connection, case)

    change(database, case, urgency="emergency")
    cry()
    both = [("emergency", DUTY), ("emergency", HOOK)]
    assert news() == both
    hand(case, pa)
    change(database, case, status="taken")
    cry()
    cry()
    assert news() == [("handed", PA), *both, ("emergency", PA)]


def test_an_emergencys_five_minutes_count_from_the_handing_over_and_from_no_earlier_cry(
    database, watch, hand, pa, case, news, clock
):
    change(database, case, urgency="emergency")
    with database.write() as connection:
        watch.announce(connection, case)
    clock.turn(days=1)
    news()
    hand(case, pa)
    watch.look()
    assert news() == [("handed", PA)]


def test_managers_who_knew_of_it_are_told_when_it_becomes_an_emergency_after_it_was_handed_over(
    database, watch, hand, pa, case, news, clock
):
    change(database, case, status="open")
    clock.turn(days=1)
    watch.look()
    hand(case, pa)
    news()
    change(database, case, urgency="emergency")
    with database.write() as connection:
        watch.announce(connection, case)
    assert set(news()) == {("emergency", each) for each in (DUTY, HOOK, PA, ADMIN)}


def test_hours_that_cannot_be_read_keep_nobody_from_being_told_of_what_was_handed_over_late(
    database, outbox, recipients, hand, pa, case, news, clock
):
    def unreadable(urgency: Urgency, authority: str | None, start: datetime) -> datetime:
        raise LookupError("Nobody knows the hours.")

    watch = Watch(database, outbox, recipients, clock, due=unreadable)
    clock.turn(days=10)
    hand(case, pa)
    for expected in ([("waiting", DUTY), ("waiting", HOOK)], [("manager", ADMIN)]):
        news()
        clock.now += TARGETS[Urgency.ROUTINE] - timedelta(seconds=1)
        watch.look()
        assert news() == []
        clock.turn(seconds=1)
        watch.look()
        assert news() == expected


def test_what_is_handed_over_while_the_watch_looks_is_told_to_nobody_else(database, outbox, clock, pa, case, news):
    class HandedMeanwhile(StaffRecipients):
        def team(self, authority, pa_id):
            hand_over(database, case, pa, clock.now)
            return super().team(authority, pa_id)

    hand_over(database, case, None, clock.now)
    Watch(database, outbox, HandedMeanwhile(database, {}), clock, due=due).look()
    assert news() == []
    Watch(database, outbox, StaffRecipients(database, {}), clock, due=due).look()
    assert news() == [("handed", PA)]


def test_the_rounds_of_one_case_are_not_anothers(database, outbox, watch, hand, pa, case):
    other = a_case(database, authority=COUNTY)
    a_member(database, "duty@county", authority=COUNTY)
    hand(case, pa)
    watch.look()
    assert [alert.stage for alert in outbox.of([other])] == [Stage.NEW]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("round", [0, 1, 2**31 - 1])
def test_a_stage_fits_into_the_outbox_with_its_round_and_is_read_as_it_was(stage, round):
    text = kept(stage, round)
    assert len(text) <= alerts.c.stage.type.length
    assert stage_of(text) == (stage, round)
