"""What the tests share: databases, the loaded content, and the councils of the seed files."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.schema import migrate
from content.database import Database
from content.library import Library, Shelf
from content.loader import load

POSTGRES = os.environ.get("LOCAL_OFFER_TEST_POSTGRES")
"""URL of a PostgreSQL server on which the tests may make databases; CI sets it."""
IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def loaded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a SQLite database with all seed files published, for tests that copy it."""
    file = tmp_path_factory.mktemp("content") / "local-offer.db"
    with Database(f"sqlite:///{file}") as database:
        migrate(database)
        load(database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    return file


@pytest.fixture(scope="session")
def loaded_database(loaded_file: Path) -> Iterator[Database]:
    """A SQLite database with all seed files published. Tests only read from it."""
    with Database(f"sqlite:///{loaded_file}") as database:
        yield database


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the sentence model's graphs are built once for all tests."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def library(loaded_database: Database) -> Library:
    return Library(loaded_database)


@pytest.fixture(scope="session")
def shelf(library: Library) -> Shelf:
    return library.shelf


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a migrated SQLite database with nothing in it, for tests that copy it."""
    file = tmp_path_factory.mktemp("empty") / "test.db"
    with Database(f"sqlite:///{file}") as database:
        migrate(database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    return file


@pytest.fixture(scope="session")
def template() -> Iterator[str]:
    """The name of a migrated PostgreSQL database with nothing in it, for tests that copy it."""
    assert POSTGRES
    with _on_server(POSTGRES) as (run, named):
        name = f"local_offer_template_{uuid.uuid4().hex[:12]}"
        run(f'CREATE DATABASE "{name}"')
        try:
            with Database(named(name)) as database:
                migrate(database)
            yield name
        finally:
            run(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database: the same test on SQLite and on a real PostgreSQL server."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "test.db")
        with Database(f"sqlite:///{tmp_path / 'test.db'}") as made:
            yield made
        return
    if not POSTGRES:
        assert not IN_CI, "CI tests on PostgreSQL: set LOCAL_OFFER_TEST_POSTGRES"
        pytest.skip("LOCAL_OFFER_TEST_POSTGRES names no PostgreSQL server")
    template = request.getfixturevalue("template")
    with _on_server(POSTGRES) as (run, named):
        name = f"local_offer_{uuid.uuid4().hex[:12]}"
        run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            with Database(named(name)) as made:
                yield made
        finally:
            run(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _on_server(url: str) -> Iterator[tuple[Callable[[str], object], Callable[[str], str]]]:
    """What runs a statement on a PostgreSQL server, and the URL of one of its databases by name."""
    server = sa.create_engine(url, future=True, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            yield (
                lambda statement: connection.execute(sa.text(statement)),
                lambda name: str(sa.engine.make_url(url).set(database=name).render_as_string(hide_password=False)),
            )
    finally:
        server.dispose()
