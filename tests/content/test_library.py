"""The library shows what is published within a second, and goes on when the database is away."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from content.database import Database
from content.errors import EntryNotFound, LibraryEmpty
from content.library import FRESH_SECONDS, Library
from content.loader import load
from content.model import Circumstances
from tests.content.test_seed import change


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_empty_library_says_how_to_fill_it(database: Database):
    with pytest.raises(LibraryEmpty, match="local-offer content load"):
        _ = Library(database).shelf


def test_a_publication_shows_within_a_second(database: Database, seeds: Path):
    load(database, seeds)
    clock = Clock()
    library = Library(database, clock=clock)
    before = library.shelf
    change(seeds / "nottinghamshire" / "council-tax.yml", lead="A new lead.")
    load(database, seeds)
    assert library.shelf is before
    clock.now += FRESH_SECONDS
    assert FRESH_SECONDS < 1
    assert library.shelf.entitlements["nottinghamshire", "council-tax"].lead == "A new lead."


def test_nothing_is_read_again_while_nothing_was_published(database: Database, seeds: Path):
    load(database, seeds)
    clock = Clock()
    library = Library(database, clock=clock)
    before = library.shelf
    clock.now += 10
    assert library.shelf is before


def test_it_goes_on_with_what_it_holds_when_the_database_is_away(tmp_path: Path, seeds: Path):
    from bot.schema import migrate

    clock = Clock()
    with Database(f"sqlite:///{tmp_path / 'gone.db'}") as database:
        migrate(database)
        load(database, seeds)
        library = Library(database, clock=clock)
        before = library.shelf
        with database.write() as connection:
            connection.execute(sa.text("DROP TABLE content_state"))
        clock.now += 10
        assert library.shelf is before


def test_an_unknown_entry_is_not_found(shelf):
    with pytest.raises(EntryNotFound):
        shelf.offer("no-such-entry", None)


def test_every_entry_has_an_answer_for_every_council_and_for_none(shelf):
    for entry in shelf.entries:
        for council in (*(each.id for each in shelf.councils), None):
            answers = shelf.answers(entry, council, Circumstances())
            assert answers, (entry, council)
            assert all(answer.text for answer in answers), (entry, council)
