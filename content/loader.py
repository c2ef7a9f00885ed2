"""Loads seed files into the database, and writes what is published back into seed files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import seed
from content.database import Database
from content.editor import Origin, digest_of, grow_version, revise
from content.tables import published, revisions


@dataclass(frozen=True)
class Loaded:
    """What one loading did: how many documents were new, changed, the same, kept because staff edited them, retired."""

    new: int = 0
    changed: int = 0
    same: int = 0
    kept: int = 0
    retired: int = 0

    @property
    def did_something(self) -> bool:
        return bool(self.new or self.changed or self.retired)

    def __str__(self) -> str:
        return (
            f"{self.new} new, {self.changed} changed, {self.same} the same, "
            f"{self.kept} kept as staff edited them, {self.retired} retired"
        )


def load(database: Database, folder: Path = seed.SEEDS, watch: Callable[[Iterable[Any]], Iterable[Any]] = iter) -> Loaded:
    """Publish every seed file that is new or changed, all in one transaction.

    Raises SeedRefused, and loads nothing, when any file breaks a rule. `watch` may wrap the documents to show progress.
    """
    documents = seed.read(folder)
    counts = dict.fromkeys(("new", "changed", "same", "kept", "retired"), 0)
    with database.write() as connection:
        there = _published(connection)
        for document in watch(documents):
            digest = digest_of(document.body)
            before = there.pop((document.kind, document.key), None)
            if before is None:
                _publish(connection, document)
                counts["new"] += 1
            elif before.origin == Origin.STAFF.value:
                counts["kept"] += 1
            elif before.digest == digest:
                counts["same"] += 1
            else:
                _publish(connection, document)
                counts["changed"] += 1
        for (kind, key), row in there.items():
            if row.origin == Origin.SEED.value:
                connection.execute(sa.delete(published).where(published.c.kind == kind, published.c.key == key))
                counts["retired"] += 1
            else:
                counts["kept"] += 1
        loaded = Loaded(**counts)
        if loaded.did_something:
            grow_version(connection)
    return loaded


def export(database: Database, folder: Path) -> int:
    """Write everything that is published into `folder` as seed files; how many."""
    with database.read() as connection:
        rows = connection.execute(
            sa.select(revisions.c.kind, revisions.c.key, revisions.c.body)
            .join(published, published.c.revision_id == revisions.c.id)
            .order_by(revisions.c.kind, revisions.c.key)
        ).all()
    for row in rows:
        seed.write(folder, row.kind, row.key, row.body)
    return len(rows)


def _published(connection: Connection) -> dict[tuple[str, str], Any]:
    rows = connection.execute(
        sa.select(published.c.kind, published.c.key, revisions.c.digest, revisions.c.origin).join(
            revisions, published.c.revision_id == revisions.c.id
        )
    )
    return {(row.kind, row.key): row for row in rows}


def _publish(connection: Connection, document: seed.Document) -> None:
    revise(connection, document.kind, document.key, document.body, origin=Origin.SEED, author="seed files")
