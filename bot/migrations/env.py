"""Runs the migrations over the connection that `bot.schema` hands in."""

from alembic import context

import bot.alerts.tables
import bot.conversations.tables
import bot.desk.tables
import bot.staff.tables  # noqa: F401
import content.tables  # noqa: F401
from content.database import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
context.run_migrations()
