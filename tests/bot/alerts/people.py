"""Cases, members of staff and alerts, as rows or values for the tests of alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timezone
from itertools import count

import sqlalchemy as sa

from bot.alerts.model import Alert, Medium, Stage
from bot.alerts.outbox import Outbox
from bot.alerts.words import Words
from bot.conversations.tables import escalation_log, escalations
from bot.staff.tables import staff
from content.database import Database

CITY, COUNTY = "nottingham-city", "nottinghamshire"
MORNING = datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
ANNA = (Medium.EMAIL, "anna@example.org")
_references = (f"KC7{number:03}" for number in count(222))
WORDS = Words("https://offer.example.org/", {CITY: "Nottingham City Council"}.get)


def a_case(database: Database, **values: object) -> int:
    """An open, urgent case of the city, opened at the clock's first moment."""
    row = {
        "reference": next(_references),
        "authority": CITY,
        "reason": "suicide",
        "urgency": "urgent",
        "status": "open",
        "opened_at": MORNING,
        **values,
    }
    with database.write() as connection:
        return connection.execute(sa.insert(escalations).values(row)).inserted_primary_key[0]


def change(database: Database, case: int, **values: object) -> None:
    with database.write() as connection:
        connection.execute(sa.update(escalations).where(escalations.c.id == case).values(values))


def hand_over(database: Database, case: int, to: int | None, at: datetime) -> None:
    """As the desk hands it over, but for the alert."""
    change(database, case, status="open", holder_id=to)
    with database.write() as connection:
        connection.execute(sa.insert(escalation_log).values(escalation_id=case, what="handed over", at=at))


def a_member(database: Database, email: str, role: str = "duty", authority: str | None = CITY, **values: object) -> int:
    row = {
        "email": email,
        "name": "A Name",
        "role": role,
        "authority": authority,
        "password_hash": "",
        "totp_secret": "",
        "made_at": MORNING,
        **values,
    }
    with database.write() as connection:
        return connection.execute(sa.insert(staff).values(row)).inserted_primary_key[0]


def put(database: Database, outbox: Outbox, case: int, *addresses: tuple[Medium, str], stage: Stage = Stage.NEW) -> None:
    with database.write() as connection:
        outbox.put(connection, case, stage, addresses)


def an_alert(address: str, medium: Medium = Medium.EMAIL, **values: object) -> Alert:
    """An alert as the outbox gives it, for the parts that need no database."""
    fields = {
        "id": 12,
        "escalation_id": 7,
        "reference": "KC7XQ2",
        "urgency": "emergency",
        "authority": CITY,
        "opened_at": MORNING,
        "stage": Stage.NEW,
        "medium": medium,
        "address": address,
        "made_at": MORNING,
        "attempts": 1,
        "next_at": MORNING,
        **values,
    }
    return Alert(**fields)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait, three seconds at most, for what another task or thread does."""
    for _ in range(300):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("It never came to it.")
