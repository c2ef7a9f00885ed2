"""The migrations make exactly the tables that the program uses, and can be undone. On SQLite and on PostgreSQL."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

import bot.alerts.tables
import bot.conversations.tables
import bot.desk.tables
import bot.staff.tables  # noqa: F401
import content.tables  # noqa: F401
from bot.schema import migrate
from bot.settings import ROOT
from content.database import Database, metadata


def test_the_migrations_make_the_tables_that_the_program_uses(database: Database):
    with database.read() as connection:
        # SQLite keeps its own table beside ours for ids that are never given again.
        context = MigrationContext.configure(connection, opts={"include_name": lambda name, *_: name != "sqlite_sequence"})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_does_nothing(database: Database):
    assert migrate(database) is False


def test_every_migration_can_be_undone_and_done_again(database: Database):
    config = Config()
    config.set_main_option("script_location", str(ROOT / "bot" / "migrations"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert migrate(database) is True
