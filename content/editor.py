"""Publishes what staff write: checked, versioned, and live within a second."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
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
    publish_all(database, [_document(kind, key, body)], author=author, approver=approver)


def publish_all(database: Database, documents: Sequence[Document], *, author: str, approver: str | None = None) -> None:
    """Publish several documents that need one another, such as a new entry and its answer: all or none.

    Raises EditRefused.
    """
    with database.write() as connection:
        _publish(connection, documents, author, approver)


def add_question(connection: Connection, entry: str, question: str, *, author: str) -> None:
    """Publish one more example question of an entry, in the caller's transaction. Raises EditRefused."""
    # One after the other: of two who publish at once, the second adds to what the first has published.
    connection.execute(sa.select(state.c.version).with_for_update())
    must_be_new(connection, entry, question)
    body = body_of(connection, "entry", entry) or {}
    questions = [*body["questions"], question]
    _publish(connection, [_document("entry", entry, {**body, "questions": questions})], author, None)


def must_be_new(connection: Connection, entry: str, question: str) -> None:
    """Raises EditRefused when there is no such entry, or when the question is among its examples already."""
    body = body_of(connection, "entry", entry)
    if body is None:
        raise EditRefused("There is no such entry, or it is no longer published.")
    if question.casefold() in (each.casefold() for each in body["questions"]):
        raise EditRefused(f"This question is among the examples of “{body['title']}” already.")


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
        _publish(connection, [_document(PHRASES, danger.value, body)], author, None)


def _phrases(connection: Connection, danger: Danger) -> list[str]:
    body = body_of(connection, PHRASES, danger.value)
    return list(body["phrases"]) if body else []


def body_of(connection: Connection, kind: Kind, key: str) -> dict[str, Any] | None:
    """What is published of a document."""
    # PostgreSQL cannot even be asked for a NUL.
    found: dict[str, Any] | None = connection.execute(
        sa.select(revisions.c.body)
        .join(published, published.c.revision_id == revisions.c.id)
        .where(published.c.kind == kind, published.c.key == key.replace("\x00", ""))
    ).scalar()
    return found


def _publish(connection: Connection, documents: Sequence[Document], author: str, approver: str | None) -> None:
    _check(connection, documents, author, approver)
    for each in documents:
        revise(connection, each.kind, each.key, each.body, origin=Origin.STAFF, author=author, approver=approver)
    grow_version(connection)


def _check(connection: Connection, documents: Sequence[Document], author: str, approver: str | None) -> None:
    """Raises EditRefused for what breaks a rule, by itself or beside what is published, or lacks its approval."""
    faults = [each.fault(path, rule) for each in documents for path, rule in schema_faults(each.kind, each.body)]
    if not faults:
        faults = [each.fault(path, rule) for each in documents for path, rule in faults_of(each)]
        together = {**_documents(connection), **{(each.kind, each.key): each for each in documents}}
        faults += [about.fault(path, rule) for about, path, rule in faults_across(together) if about in documents]
    if faults:
        raise EditRefused("\n".join(_sentence(fault) for fault in faults))
    if not author.strip():
        raise EditRefused("Say who wrote it.")
    is_approved = approver is not None and approver.strip() not in ("", author.strip())
    if not is_approved and any(each.kind in APPROVED for each in documents):
        raise EditRefused("Urgent help needs the approval of somebody else than its author before it is used.")


def _documents(connection: Connection) -> dict[tuple[str, str], Document]:
    rows = connection.execute(
        sa.select(revisions.c.kind, revisions.c.key, revisions.c.body).join(
            published, published.c.revision_id == revisions.c.id
        )
    )
    return {(row.kind, row.key): _document(row.kind, row.key, row.body) for row in rows}


def _document(kind: Kind, key: str, body: dict[str, Any]) -> Document:
    return Document(kind, key, body, Path(f"{kind}/{key}"))


def _sentence(fault: Fault) -> str:
    return f"{fault.place or 'The whole'}: {fault.rule}"
