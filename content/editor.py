"""Publishes what staff write: checked, versioned, and live within a second."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content.crisis import Danger
from content.database import Database
from content.errors import ContentError
from content.rules import faults_across, faults_of
from content.seed import Document, Fault, Kind, schema_faults
from content.tables import published, revisions, state

APPROVED = frozenset(("crisis",))
"""Kinds of document that somebody else than their author must approve before they are used."""
PHRASES = "crisis_phrases"


class Origin(str, Enum):
    """Who a revision comes from: the seed files, or staff. Seed files never replace what staff wrote."""

    SEED = "seed"
    STAFF = "staff"


class EditRefused(ContentError):
    """What was written cannot be published; the message is a sentence, and nothing was changed."""


def publish(
    database: Database, kind: Kind, key: str, body: dict[str, Any], *, author: str, approver: str | None = None
) -> None:
    """Publish what staff wrote in place of what is there. Raises EditRefused."""
    with database.write() as connection:
        _check(connection, kind, key, body, author, approver)
        revise(connection, kind, key, body, origin=Origin.STAFF, author=author, approver=approver)
        grow_version(connection)


def phrases_added(database: Database) -> dict[Danger, list[str]]:
    """What staff added for the crisis screen to listen for."""
    with database.read() as connection:
        return {danger: _phrases(connection, danger) for danger in Danger}


def add_phrase(database: Database, danger: Danger, phrase: str, *, author: str) -> None:
    """Let the crisis screen listen for one more phrase. Raises EditRefused."""
    phrase = " ".join(phrase.split())

    def added(phrases: list[str]) -> list[str]:
        if phrase in phrases:
            raise EditRefused(f"The screen listens for “{phrase}” already.")
        return [*phrases, phrase]

    _change_phrases(database, danger, added, author)


def remove_phrase(database: Database, danger: Danger, phrase: str, *, author: str) -> None:
    """Stop listening for a phrase that staff added; the built-in ones cannot be removed. Raises EditRefused."""

    def removed(phrases: list[str]) -> list[str]:
        if phrase not in phrases:
            raise EditRefused(f"Nobody added “{phrase}” for {danger.value}. The built-in phrases always stay.")
        return [each for each in phrases if each != phrase]

    _change_phrases(database, danger, removed, author)


def revise(
    connection: Connection, kind: Kind, key: str, body: Any, *, origin: Origin, author: str, approver: str | None = None
) -> None:
    """Keep a new revision and publish it."""
    made = connection.execute(
        sa.insert(revisions).values(
            kind=kind,
            key=key,
            body=body,
            digest=digest_of(body),
            origin=origin.value,
            author=author,
            approver=approver,
            made_at=datetime.now(timezone.utc),
        )
    )
    connection.execute(sa.delete(published).where(published.c.kind == kind, published.c.key == key))
    connection.execute(sa.insert(published).values(kind=kind, key=key, revision_id=made.inserted_primary_key[0]))


def grow_version(connection: Connection) -> None:
    """Tell every reader that something was published."""
    grown = connection.execute(sa.update(state).values(version=state.c.version + 1))
    if grown.rowcount == 0:
        connection.execute(sa.insert(state).values(id=1, version=1))


def digest_of(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _change_phrases(database: Database, danger: Danger, change: Callable[[list[str]], list[str]], author: str) -> None:
    with database.write() as connection:
        body = {"phrases": change(_phrases(connection, danger))}
        _check(connection, PHRASES, danger.value, body, author, None)
        revise(connection, PHRASES, danger.value, body, origin=Origin.STAFF, author=author)
        grow_version(connection)


def _phrases(connection: Connection, danger: Danger) -> list[str]:
    body = connection.execute(
        sa.select(revisions.c.body)
        .join(published, published.c.revision_id == revisions.c.id)
        .where(published.c.kind == PHRASES, published.c.key == danger.value)
    ).scalar()
    return list(body["phrases"]) if body else []


def _check(connection: Connection, kind: Kind, key: str, body: dict[str, Any], author: str, approver: str | None) -> None:
    """Raises EditRefused for what breaks a rule, by itself or beside what is published, or lacks its approval."""
    document = Document(kind, key, body, Path(f"{kind}/{key}"))
    faults = [document.fault(path, rule) for path, rule in schema_faults(kind, body)]
    if not faults:
        faults = [document.fault(path, rule) for path, rule in faults_of(document)]
        others = _documents(connection)
        faults += [
            document.fault(path, rule)
            for about, path, rule in faults_across({**others, (kind, key): document})
            if about is document
        ]
    if faults:
        raise EditRefused("\n".join(_sentence(fault) for fault in faults))
    if not author.strip():
        raise EditRefused("Say who wrote it.")
    if kind in APPROVED and (approver is None or not approver.strip() or approver.strip() == author.strip()):
        raise EditRefused("Urgent help needs the approval of somebody else than its author before it is used.")


def _documents(connection: Connection) -> dict[tuple[str, str], Document]:
    rows = connection.execute(
        sa.select(revisions.c.kind, revisions.c.key, revisions.c.body).join(
            published, published.c.revision_id == revisions.c.id
        )
    )
    return {(row.kind, row.key): Document(row.kind, row.key, row.body, Path(f"{row.kind}/{row.key}")) for row in rows}


def _sentence(fault: Fault) -> str:
    return f"{fault.place or 'The whole'}: {fault.rule}"
