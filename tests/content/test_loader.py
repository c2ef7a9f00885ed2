"""Loading publishes what is new, keeps what staff wrote, and does all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from content.database import Database
from content.library import Library
from content.loader import Origin, export, load
from content.seed import SeedRefused, read
from content.tables import published, revisions, state
from tests.content.test_seed import change


def test_loading_twice_changes_nothing(database: Database):
    first = load(database)
    assert first.new == len(read())
    second = load(database)
    assert (second.new, second.changed, second.same) == (0, 0, first.new)


def test_a_changed_file_becomes_a_new_revision_and_the_old_one_stays(database: Database, seeds: Path):
    load(database, seeds)
    change(seeds / "nottinghamshire" / "council-tax.yml", lead="A new lead.")
    assert load(database, seeds).changed == 1
    assert Library(database).shelf.entitlements["nottinghamshire", "council-tax"].lead == "A new lead."
    with database.read() as connection:
        kept = connection.execute(
            sa.select(sa.func.count()).select_from(revisions).where(revisions.c.key == "nottinghamshire/council-tax")
        ).scalar()
    assert kept == 2


def test_what_staff_edited_is_never_overwritten(database: Database, seeds: Path):
    load(database, seeds)
    with database.write() as connection:
        row = connection.execute(
            sa.select(published.c.revision_id).where(published.c.key == "nottinghamshire/council-tax")
        ).one()
        connection.execute(sa.update(revisions).where(revisions.c.id == row.revision_id).values(origin=Origin.STAFF.value))
    change(seeds / "nottinghamshire" / "council-tax.yml", lead="A new lead.")
    loaded = load(database, seeds)
    assert (loaded.kept, loaded.changed) == (1, 0)
    assert Library(database).shelf.entitlements["nottinghamshire", "council-tax"].lead != "A new lead."


def test_a_file_that_is_gone_is_no_longer_published(database: Database, seeds: Path):
    load(database, seeds)
    (seeds / "nottinghamshire" / "council-tax.yml").unlink()
    assert load(database, seeds).retired == 1
    assert ("nottinghamshire", "council-tax") not in Library(database).shelf.entitlements


def test_one_fault_loads_nothing(database: Database, seeds: Path):
    change(seeds / "england" / "council-tax.yml", basis="perhaps")
    with pytest.raises(SeedRefused):
        load(database, seeds)
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(revisions)).scalar() == 0


def test_a_failure_halfway_loads_nothing(database: Database, seeds: Path):
    def fail_halfway(documents):
        yield from list(documents)[:100]
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        load(database, seeds, fail_halfway)
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(published)).scalar() == 0
        assert connection.execute(sa.select(state.c.version)).scalar() is None


def test_what_is_exported_loads_again_as_the_same(database: Database, tmp_path: Path):
    load(database)
    count = export(database, tmp_path / "out")
    again = load(database, tmp_path / "out")
    assert (again.same, again.changed, again.new, again.retired) == (count, 0, 0, 0)


def test_a_third_council_is_a_folder(database: Database, seeds: Path):
    folder = seeds / "rutland"
    folder.mkdir()
    (folder / "authority.yml").write_text(
        "name: Rutland County Council\nlabel: Rutland\nkind: council\nowner: editors\naliases: [rutland]\n"
        "team: {name: Rutland leaving care team, phone: 01572 722577}\n",
        encoding="utf-8",
    )
    (folder / "council-tax.yml").write_text(
        "position: gives\nlead: You do not pay it.\nbasis: may\nreview_by: '2027-01-01'\n"
        "sources: [{title: A page, publisher: Rutland, dated: null}]\n",
        encoding="utf-8",
    )
    load(database, seeds)
    shelf = Library(database).shelf
    assert "rutland" in [council.id for council in shelf.councils]
    assert shelf.offer("council-tax", "rutland").own_lead.__self__.authority == "rutland"
