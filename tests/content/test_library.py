"""The library shows what is published within a second, and goes on when the database is away."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import sqlalchemy as sa

from content.database import Database
from content.editor import Origin, revise
from content.errors import EntryNotFound, LibraryEmpty
from content.library import FRESH_SECONDS, Library
from content.loader import load
from content.model import Circumstances, Situation
from content.seed import bodies_of
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


def test_phrases_that_staff_edited_before_an_update_are_completed_by_the_new_ones(database: Database, seeds: Path):
    load(database, seeds)
    older = deepcopy(bodies_of("phrases")["phrases"])
    older["phrases"].pop("stays")
    older["phrases"]["greet"] = "Ay up."
    older["situations"]["parent"].pop("first")
    with database.write() as connection:
        revise(connection, "phrases", "phrases", older, origin=Origin.STAFF, author="editor")
    phrases = Library(database).shelf.phrases
    assert phrases("greet") == "Ay up."
    assert phrases("stays", about="rent") == "That does not change what I said about rent."
    assert phrases.situations[Situation.PARENT].first[0] == "young-parents"
