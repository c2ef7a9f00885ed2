"""What is old is erased by the program itself; what somebody still waits for is not. On SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import ASKED, Request, Status, Urgency
from bot.conversations.store import ConversationStore
from bot.conversations.tables import conversations, escalation_contacts, escalations, messages
from bot.desk.tables import suggestions
from bot.retention import AT_ONCE, Eraser, Retention
from bot.staff.accounts import Accounts
from bot.staff.audit import Audit
from bot.staff.sessions import Sessions
from content.database import Database
from tests.bot.desk.office import a_member

NOW = datetime(2027, 6, 1, 12, tzinfo=timezone.utc)
RETENTION = Retention(conversations=timedelta(days=90), cases=timedelta(days=30), suggestions=timedelta(days=180))


@pytest.fixture
def eraser(database: Database) -> Eraser:
    return Eraser(database, Audit(database), Sessions(database), RETENTION, clock=lambda: NOW)


def a_chat(database: Database, *, days: int, case: Status | None = None) -> str:
    """A conversation whose last word is so many days old."""
    store = ConversationStore(database)
    conversation, _, _ = store.start(channel="test", authority="nottinghamshire", language="en", opening=[])
    message = store.receive(conversation.id, "hello", "one")
    with database.write() as connection:
        at = NOW - timedelta(days=days)
        connection.execute(sa.update(conversations).where(conversations.c.id == conversation.id).values(last_at=at))
    if case:
        HandoffStore(database).hand_over(message, Request(ASKED, Urgency.ROUTINE, phone="07700 900123"), lambda _: [])
        with database.write() as connection:
            of_it = sa.update(escalations).where(escalations.c.conversation_id == conversation.id)
            connection.execute(of_it.values(status=case.value, outcome="helped"))
    return conversation.id


def left(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(sa.select(conversations.c.id)).scalars())


def test_a_chat_is_kept_ninety_days_after_its_last_word(database, eraser):
    old, young = a_chat(database, days=91), a_chat(database, days=89)
    assert eraser.erase() == {"conversations": 1, "cases": 0, "suggestions": 0}
    assert left(database) == {young} != {old}


def test_a_chat_with_a_case_has_its_own_time(database, eraser):
    a_chat(database, days=31, case=Status.CLOSED)
    kept = a_chat(database, days=29, case=Status.CLOSED)
    assert eraser.erase() == {"conversations": 0, "cases": 1, "suggestions": 0}
    assert left(database) == {kept}


@pytest.mark.parametrize("status", [Status.OPEN, Status.TAKEN, Status.SNOOZED])
def test_nobody_who_still_waits_is_erased(database, eraser, status):
    waiting = a_chat(database, days=400, case=status)
    eraser.erase()
    assert left(database) == {waiting}


def test_of_a_case_the_reference_and_the_outcome_stay_and_no_words(database, eraser):
    a_chat(database, days=31, case=Status.CLOSED)
    eraser.erase()
    with database.read() as connection:
        row = connection.execute(sa.select(escalations)).one()
        assert connection.execute(sa.select(messages)).all() == []
        assert connection.execute(sa.select(escalation_contacts)).all() == []
    assert (row.conversation_id, row.outcome) == (None, "helped")
    assert row.reference


def test_how_many_were_erased_is_in_the_audit_once(database, eraser):
    a_chat(database, days=91)
    eraser.erase()
    eraser.erase()
    assert [row.detail for row in Audit(database).search(what="chats erased")] == [
        "1 chats without a case, 0 chats with one"
    ]


def test_a_suggestion_that_nobody_decides_about_is_erased_after_its_time(database, eraser):
    member = a_member(Accounts(database), "Sam Lee")
    row = {"staff_id": member.id, "kind": "entry", "question": "a question", "answer": "An answer.", "status": "new"}
    decided = {"status": "used", "decided_at": NOW, "decided_by": member.id, "question": None, "answer": None}
    with database.write() as connection:
        for days, values in ((181, row), (179, row), (181, {**row, **decided})):
            connection.execute(sa.insert(suggestions).values(made_at=NOW - timedelta(days=days), **values))
    assert eraser.erase() == {"conversations": 0, "cases": 0, "suggestions": 1}
    assert eraser.erase()["suggestions"] == 0
    with database.read() as connection:
        assert connection.execute(sa.select(suggestions.c.id)).scalars().all() == [2, 3]
    [audited] = Audit(database).search(what="suggestions erased")
    assert audited.detail == "1 suggestions that nobody decided about"


def test_more_than_one_transaction_holds_are_all_erased(database, eraser):
    row = {"token_digest": "", "channel": "test", "language": "en", "holder": "bot", "started_at": NOW}
    old = [{**row, "id": f"old{number}", "last_at": NOW - timedelta(days=100)} for number in range(AT_ONCE + 1)]
    with database.write() as connection:
        connection.execute(sa.insert(conversations), old)
    assert eraser.erase()["conversations"] == AT_ONCE + 1
