"""What was done is recorded with the act itself, found again, and never changed. On SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.staff.audit import LONGEST_DETAIL, Audit
from bot.staff.tables import audit as table


@pytest.fixture
def audit(database, clock):
    return Audit(database, clock=clock)


@pytest.fixture
def five(audit, database, clock):
    """Five acts, a minute apart."""
    with database.write() as connection:
        for member, what, subject in (
            (1, "took", "CR7H2M"),
            (2, "took", "K3PWYT"),
            (1, "answered", "CR7H2M"),
            (None, "alerted", "CR7H2M"),
            (1, "closed", "CR7H2M"),
        ):
            audit.record(connection, what, member=member, subject=subject, authority="nottinghamshire", detail="chat")
            clock.turn(minutes=1)
    return audit


def acts(rows):
    return [row.what for row in rows]


def test_an_act_is_recorded_as_it_was(five, clock):
    last = five.search()[0]
    assert (last.member, last.what, last.subject, last.authority, last.detail) == (
        1,
        "closed",
        "CR7H2M",
        "nottinghamshire",
        "chat",
    )
    assert last.at == clock() - timedelta(minutes=1)


def test_an_act_that_is_undone_leaves_no_record(audit, database):
    def act():
        with database.write() as connection:
            audit.record(connection, "took", member=1)
            raise RuntimeError("the act fails")

    with pytest.raises(RuntimeError):
        act()
    assert audit.search() == []


def test_no_act_fails_for_a_long_detail(audit, database):
    with database.write() as connection:
        audit.record(connection, "searched", member=1, detail="x" * 5000)
    assert audit.search()[0].detail == "x" * LONGEST_DETAIL


def test_acts_are_found_by_all_that_is_asked_the_latest_first(five):
    assert acts(five.search()) == ["closed", "alerted", "answered", "took", "took"]
    assert acts(five.search(member=1)) == ["closed", "answered", "took"]
    assert [row.member for row in five.search(subject="K3PWYT")] == [2]
    assert [row.member for row in five.search(what="took", member=2)] == [2]
    assert five.search(what="took", member=3) == []
    assert acts(five.search(subject="k3pw", what="TOO")) == ["took"]
    assert five.search(what="%") == []
    assert acts(five.search(most=2)) == ["closed", "alerted"]


def test_a_time_is_from_its_beginning_until_just_before_its_end(five, clock):
    began = clock() - timedelta(minutes=5)
    found = five.search(since=began + timedelta(minutes=1), until=began + timedelta(minutes=3))
    assert acts(found) == ["answered", "took"]


def test_pages_follow_one_another(five):
    first = five.search(most=3)
    second = five.search(most=3, before_id=first[-1].id)
    assert acts([*first, *second]) == acts(five.search())
    assert len(second) == 2


@pytest.mark.parametrize(
    "change", [sa.update(table).values(what="nothing"), sa.update(table).values(detail=None), sa.delete(table)]
)
def test_the_database_refuses_to_change_or_delete_what_was_recorded(five, database, change):
    before = five.search()

    def act():
        with database.write() as connection:
            connection.execute(change)

    with pytest.raises(sa.exc.DBAPIError, match="audit cannot be changed"):
        act()
    assert five.search() == before


def test_a_row_is_not_put_in_the_place_of_another(five, database):
    before = five.search()
    row = {"id": before[0].id, "at": before[0].at, "what": "nothing"}
    replacing = sa.insert(table).values(row).prefix_with("OR REPLACE", dialect="sqlite")
    with pytest.raises(sa.exc.DBAPIError), database.write() as connection:
        connection.execute(replacing)
    assert five.search() == before
