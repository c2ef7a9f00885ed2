"""The commands on the accounts of the staff: who may sign in to the duty desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bot.cli.options import DATA, DATABASE_URL, settings_of
from bot.staff.model import Role, StaffError
from content.database import Database
from content.errors import LibraryEmpty
from content.library import Library

EMAIL = click.argument("email")


@click.group()
def staff() -> None:
    """Say who may sign in to the duty desk.

    \b
    duty     answers the young people of one council
    pa       is personal adviser to some of them
    editor   writes what the assistant says, for one council or for all
    admin    does all of it everywhere, and invites the others

    There are no default passwords. Invite the first administrator here, and open the link that is printed:

    \b
    local-offer staff add sam@council.example --name "Sam Lee" --role admin
    """


@staff.command()
@EMAIL
@click.option("--name", required=True, help="How young people and colleagues see them.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What they are here for.")
@click.option("--council", help="Whose team they belong to; duty and pa need one.")
@click.option("--url", default="http://localhost:8080", show_default=True, help="Where this service is opened.")
@DATA
@DATABASE_URL
def add(
    email: str, name: str, role: str, council: str | None, url: str, data: Path | None, database_url: str | None
) -> None:
    """Invite the person with this EMAIL address and print the link for them.

    The link opens an account once, within seven days; whoever has it can. A second invitation takes the place of the first.
    Somebody who lost phone and recovery codes is switched off, then invited again.

    For example: local-offer staff add sam@council.example --name "Sam Lee" --role duty --council nottingham-city
    """
    from bot.staff.accounts import Accounts

    if not url.startswith(("http://", "https://")):
        raise click.ClickException("--url should be an address such as https://offer.council.example.")
    with _database(data, database_url) as database:
        if council is not None:
            _check_council(database, council)
        token = Accounts(database).invite(email, name, Role(role), council, None)
    click.echo(f"{url.rstrip('/')}/staff/invitation/{token}")
    click.echo("Send this link to them alone: within seven days it opens the account, with a password and an app for codes.")


@staff.command("list")
@DATA
@DATABASE_URL
def everybody(data: Path | None, database_url: str | None) -> None:
    """List the accounts by name: e-mail address, role, council, and whether it is on, away or off."""
    from bot.staff.accounts import Accounts

    with _database(data, database_url) as database:
        for each in Accounts(database).members():
            state = "off" if not each.is_active else "away" if each.is_away else "on"
            click.echo(f"{each.email}  {each.role.value:<8}{each.authority or 'all councils':<20}{state:<6}{each.name}")


@staff.command()
@EMAIL
@DATA
@DATABASE_URL
def off(email: str, data: Path | None, database_url: str | None) -> None:
    """Keep the person with this EMAIL address out from now on. The account stays: what they did goes on naming it."""
    from bot.staff.accounts import Accounts

    with _database(data, database_url) as database:
        accounts = Accounts(database)
        accounts.switch_off(accounts.with_email(email).id, None)
    click.echo(f"{email} is switched off and signed out.")


@staff.command()
@EMAIL
@DATA
@DATABASE_URL
def on(email: str, data: Path | None, database_url: str | None) -> None:
    """Let the person with this EMAIL address in again, also when wrong tries have locked the account."""
    from bot.staff.accounts import Accounts

    with _database(data, database_url) as database:
        accounts = Accounts(database)
        accounts.switch_on(accounts.with_email(email).id, None)
    click.echo(f"{email} may sign in.")


@staff.command("end-sessions")
@EMAIL
@DATA
@DATABASE_URL
def end_sessions(email: str, data: Path | None, database_url: str | None) -> None:
    """Sign the person with this EMAIL address out everywhere, after a laptop was lost for example."""
    from bot.staff.accounts import Accounts

    with _database(data, database_url) as database:
        accounts = Accounts(database)
        accounts.end_sessions(accounts.with_email(email).id, None)
    click.echo(f"{email} is signed out everywhere.")


@contextmanager
def _database(data: Path | None, database_url: str | None) -> Iterator[Database]:
    """The database, brought up to date; what the accounts refuse becomes the command's sentence."""
    from bot.schema import migrate

    with Database(settings_of(None, None, data, database_url).storage.database_url) as database:
        migrate(database)
        try:
            yield database
        except (StaffError, LibraryEmpty) as refused:
            raise click.ClickException(str(refused)) from refused


def _check_council(database: Database, council: str) -> None:
    known = [each.id for each in Library(database).shelf.councils]
    if council not in known:
        raise click.ClickException(f"There is no council {council!r}. There are: {', '.join(known)}.")
