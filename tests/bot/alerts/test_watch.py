"""Of each open case somebody is told: at once, again when nobody takes it in time, and then a manager."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.alerts.recipients import StaffRecipients
from bot.alerts.watch import Watch
from bot.conversations.model import Urgency
from content.database import Database
from content.hours import OpeningHours, Period
from tests.bot.alerts.people import CITY, COUNTY, MORNING, a_case, a_member, change, until

DUTY, ADMIN, PA = "duty@city", "admin@city", "pa@city"
OFFICE = OpeningHours((Period.from_document({"days": ["monday", "tuesday", "wednesday"], "from": "09:00", "to": "17:00"}),))


def due(urgency: Urgency, authority: str | None, start: datetime) -> datetime:
    """Four hours in which the office is open."""
    return OFFICE.after(start, timedelta(hours=4))


def unreadable(urgency: Urgency, authority: str | None, start: datetime) -> datetime:
    raise LookupError("Nobody knows the hours.")


@pytest.fixture
def recipients(database) -> StaffRecipients:
    return StaffRecipients(database, {})


@pytest.fixture
def watch(database, outbox, recipients, clock) -> Watch:
    return Watch(database, outbox, recipients, clock, due=due)


@pytest.fixture
def team(database) -> int:
    """A duty member and a manager of the city, and the id of its personal adviser."""
    a_member(database, DUTY)
    a_member(database, ADMIN, "admin")
    return a_member(database, PA, "pa")


def announce(database: Database, watch: Watch, case: int) -> None:
    with database.write() as connection:
        watch.announce(connection, case)


def told(outbox, case: int) -> list[tuple[str, str]]:
    return [(alert.stage.value, alert.address) for alert in outbox.of([case])]


def test_a_new_case_is_announced_to_the_team_once(database, outbox, watch, team):
    case = a_case(database)
    announce(database, watch, case)
    watch.look()
    watch.look()
    assert told(outbox, case) == [("new", DUTY)]


def test_the_announcement_is_part_of_the_transaction_that_opens_the_case(database, outbox, watch, team):
    case = a_case(database)
    with database.engine.connect() as connection, connection.begin() as transaction:
        watch.announce(connection, case)
        transaction.rollback()
    assert told(outbox, case) == []


def test_a_case_that_nobody_announced_is_told_of_at_the_next_look(database, outbox, watch, team):
    case = a_case(database)
    watch.look()
    assert told(outbox, case) == [("new", DUTY)]


def test_who_opens_the_first_account_is_told_of_the_cases_that_nobody_could_be_told_of(database, outbox, watch, caplog):
    case = a_case(database)
    announce(database, watch, case)
    watch.look()
    watch.look()
    assert told(outbox, case) == []
    assert caplog.text.count(f"There is nobody to tell of escalation {case} (new).") == 1
    a_member(database, DUTY)
    watch.look()
    assert told(outbox, case) == [("new", DUTY)]


@pytest.mark.parametrize("webhooks", [{}, {CITY: "https://hooks.example.org/1"}])
def test_where_nobody_is_in_the_team_the_managers_are_told_at_once(database, outbox, clock, webhooks):
    a_member(database, ADMIN, "admin")
    case = a_case(database)
    announce(database, Watch(database, outbox, StaffRecipients(database, webhooks), clock, due=due), case)
    assert told(outbox, case) == [("new", each) for each in (*webhooks.values(), ADMIN)]


def test_the_team_is_told_again_when_a_case_is_due_and_a_manager_after_as_long_again(database, outbox, watch, team, clock):
    case = a_case(database, due_at=MORNING + timedelta(hours=4))
    clock.turn(hours=4, seconds=-1)
    watch.look()
    assert told(outbox, case) == [("new", DUTY)]
    clock.turn(seconds=1)
    watch.look()
    assert told(outbox, case)[1:] == [("waiting", DUTY)]
    # As long again is four open hours: until five today, and from nine to ten tomorrow.
    clock.turn(hours=20, seconds=-1)
    watch.look()
    assert told(outbox, case)[2:] == []
    clock.turn(seconds=1)
    watch.look()
    watch.look()
    assert told(outbox, case)[2:] == [("manager", ADMIN)]


def test_a_case_without_a_due_date_gets_one_for_the_purpose(database, outbox, watch, team, clock):
    case = a_case(database, urgency="routine")
    clock.turn(hours=4)
    watch.look()
    assert told(outbox, case) == [("new", DUTY), ("waiting", DUTY)]


@pytest.mark.parametrize("due_at", [None, MORNING + timedelta(days=3)])
def test_in_an_emergency_it_is_five_minutes_and_five_more_round_the_clock(database, outbox, watch, team, clock, due_at):
    clock.turn(hours=14)
    case = a_case(database, urgency="emergency", opened_at=clock.now, due_at=due_at)
    announce(database, watch, case)
    clock.turn(minutes=5, seconds=-1)
    watch.look()
    assert told(outbox, case) == [("new", DUTY)]
    clock.turn(seconds=1)
    watch.look()
    assert told(outbox, case)[1:] == [("waiting", DUTY)]
    clock.turn(minutes=5)
    watch.look()
    assert told(outbox, case)[2:] == [("manager", ADMIN)]


def test_after_a_long_stop_of_the_program_everybody_is_told_at_the_first_look(database, outbox, watch, team, clock):
    case = a_case(database, urgency="emergency")
    clock.turn(hours=9)
    watch.look()
    assert told(outbox, case) == [("new", DUTY), ("waiting", DUTY), ("manager", ADMIN)]


@pytest.mark.parametrize("status", ["taken", "snoozed", "closed"])
def test_of_a_case_that_somebody_has_nobody_is_told_again(database, outbox, watch, team, clock, status):
    case = a_case(database, due_at=MORNING)
    announce(database, watch, case)
    change(database, case, status=status)
    clock.turn(days=7)
    watch.look()
    assert told(outbox, case) == [("new", DUTY)]


def test_of_a_case_that_is_taken_while_the_watch_looks_nobody_is_told_again(database, outbox, clock, team):
    class TakenMeanwhile(StaffRecipients):
        def team(self, authority, pa_id):
            change(database, case, status="taken")
            return super().team(authority, pa_id)

    case = a_case(database, due_at=MORNING)
    Watch(database, outbox, TakenMeanwhile(database, {}), clock, due=due).look()
    assert told(outbox, case) == []


def test_a_case_for_an_adviser_goes_to_the_adviser_first_and_then_to_the_team(database, outbox, watch, team, clock):
    case = a_case(database, pa_id=team, holder_id=team, due_at=MORNING + timedelta(hours=1))
    announce(database, watch, case)
    assert told(outbox, case) == [("new", PA)]
    clock.turn(hours=1)
    watch.look()
    assert told(outbox, case)[1:] == [("waiting", DUTY)]


def test_a_case_that_becomes_more_urgent_is_announced_again_to_the_team_and_to_whoever_has_it(
    database, outbox, watch, team, clock
):
    case = a_case(database, urgency="routine", pa_id=team, holder_id=team, due_at=MORNING + timedelta(hours=4))
    announce(database, watch, case)
    change(database, case, urgency="urgent")
    announce(database, watch, case)
    assert told(outbox, case) == [("new", PA), ("urgent", DUTY), ("urgent", PA)]
    holder = a_member(database, "holder@county", authority=COUNTY)
    change(database, case, urgency="emergency", status="taken", holder_id=holder)
    announce(database, watch, case)
    assert set(told(outbox, case)[3:]) == {("emergency", each) for each in (DUTY, PA, "holder@county")}


def test_the_five_minutes_of_a_case_that_becomes_an_emergency_begin_then(database, outbox, watch, team, clock):
    case = a_case(database, urgency="routine", due_at=MORNING + timedelta(hours=4))
    announce(database, watch, case)
    clock.turn(hours=1)
    change(database, case, urgency="emergency", due_at=clock.now + timedelta(minutes=5))
    announce(database, watch, case)
    clock.turn(minutes=4)
    watch.look()
    assert told(outbox, case)[1:] == [("emergency", DUTY)]
    clock.turn(minutes=1)
    watch.look()
    assert told(outbox, case)[2:] == [("waiting", DUTY)]
    clock.turn(minutes=5)
    watch.look()
    assert told(outbox, case)[3:] == [("manager", ADMIN)]


def test_where_the_managers_knew_of_a_case_they_are_told_when_it_becomes_an_emergency(database, outbox, watch, team, clock):
    case = a_case(database, urgency="routine", due_at=MORNING)
    clock.turn(hours=8)
    clock.turn(days=1)
    watch.look()
    assert told(outbox, case)[-1] == ("manager", ADMIN)
    change(database, case, urgency="emergency")
    announce(database, watch, case)
    assert told(outbox, case)[3:] == [("emergency", DUTY), ("emergency", ADMIN)]


def test_hours_that_cannot_be_read_keep_nobody_from_being_told(database, outbox, recipients, team, clock, caplog):
    watch = Watch(database, outbox, recipients, clock, due=unreadable)
    case = a_case(database, due_at=MORNING + timedelta(hours=1))
    clock.turn(hours=2, seconds=-1)
    watch.look()
    assert told(outbox, case)[1:] == [("waiting", DUTY)]
    clock.turn(seconds=1)
    watch.look()
    assert told(outbox, case)[2:] == [("manager", ADMIN)]
    assert f"escalation {case} is due: LookupError" in caplog.text


def test_a_case_that_cannot_be_watched_keeps_no_other_from_being_told_of(database, outbox, watch, team, caplog):
    odd, case = a_case(database, urgency="odd"), a_case(database)
    watch.look()
    assert told(outbox, case) == [("new", DUTY)]
    assert f"Escalation {odd} cannot be watched: ValueError." in caplog.text


async def test_it_looks_again_and_again_also_after_a_failure(database, outbox, recipients, team, clock, caplog):
    watch = Watch(database, outbox, recipients, clock, due=due, look_seconds=0.01)
    with database.write() as connection:
        connection.execute(sa.text("ALTER TABLE alerts RENAME TO alerts_away"))
    running = asyncio.create_task(watch.run())
    await until(lambda: "cannot be looked at" in caplog.text)
    with database.write() as connection:
        connection.execute(sa.text("ALTER TABLE alerts_away RENAME TO alerts"))
    case = a_case(database)
    await until(lambda: told(outbox, case) == [("new", DUTY)])
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
