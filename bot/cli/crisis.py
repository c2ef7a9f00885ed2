"""The commands on cries for help: who waits, and what the crisis screen listens for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bot.cli.options import DATA, DATABASE_URL, settings_of
from content import editor
from content.crisis import Danger
from content.database import Database

KIND = click.argument("kind", type=click.Choice([danger.value for danger in Danger]))
BY = click.option("--by", required=True, help="Your name; it is kept with the change.")


@click.group()
def crisis() -> None:
    """See who cried for help, and add phrases that the crisis screen listens for.

    What is added is heard within a second. The built-in phrases always stay.
    """


@crisis.command("list")
@DATA
@DATABASE_URL
def waiting(data: Path | None, database_url: str | None) -> None:
    """List the open escalations, the oldest first: reference, kind, council, since when."""
    from bot.conversations.handoff_store import HandoffStore

    with _database(data, database_url) as database:
        for each in HandoffStore(database).escalations():
            since = each.opened_at.strftime("%Y-%m-%d %H:%M UTC")
            council = each.authority or "council not known"
            click.echo(f"{each.reference}  {each.urgency.value}  {each.reason:<18}{council:<20}{since}")


@crisis.command()
@DATA
@DATABASE_URL
def phrases(data: Path | None, database_url: str | None) -> None:
    """Show the phrases that staff added, by kind of danger."""
    with _database(data, database_url) as database:
        for danger, added in editor.phrases_added(database).items():
            for phrase in added:
                click.echo(f"{danger.value}: {phrase}")


@crisis.command()
@KIND
@click.argument("phrase")
@BY
@DATA
@DATABASE_URL
def add(kind: str, phrase: str, by: str, data: Path | None, database_url: str | None) -> None:
    """Listen for one more PHRASE as a cry for help of this KIND.

    For example: local-offer crisis add suicide "gonna catch the bus" --by "Sam Lee"
    """
    with _database(data, database_url) as database:
        editor.add_phrase(database, Danger(kind), phrase, author=by)
    click.echo(f"From now on “{phrase}” is heard as {kind}.")


@crisis.command()
@KIND
@click.argument("phrase")
@BY
@DATA
@DATABASE_URL
def remove(kind: str, phrase: str, by: str, data: Path | None, database_url: str | None) -> None:
    """Stop listening for a PHRASE that staff added."""
    with _database(data, database_url) as database:
        editor.remove_phrase(database, Danger(kind), phrase, author=by)
    click.echo(f"“{phrase}” is no longer heard as {kind}.")


@contextmanager
def _database(data: Path | None, database_url: str | None) -> Iterator[Database]:
    """The database, brought up to date; what the editor refuses becomes the command's sentence."""
    from bot.schema import migrate

    with Database(settings_of(None, None, data, database_url).storage.database_url) as database:
        migrate(database)
        try:
            yield database
        except editor.EditRefused as refused:
            raise click.ClickException(str(refused)) from refused
