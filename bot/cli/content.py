"""The commands on the Local Offer's content."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.options import DATA, DATABASE_URL, or_refusal, set_up, settings_of
from content import editor, loader, seed
from content.database import Database


@click.group()
def content() -> None:
    """Check, load and export the Local Offer's content."""


FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=seed.SEEDS, required=False)


@content.command()
@FOLDER
def check(folder: Path) -> None:
    """Say what is wrong with the seed files in FOLDER: file, line, place and rule. Nothing is changed."""
    documents = or_refusal(lambda: seed.read(folder))
    click.echo(f"{len(documents)} documents, no fault.")


@content.command()
@FOLDER
@DATA
@DATABASE_URL
def load(folder: Path, data: Path | None, database_url: str | None) -> None:
    """Publish the seed files in FOLDER. What staff edited stays; a fault anywhere loads nothing."""
    settings = settings_of(None, None, data, database_url)
    with Database(settings.storage.database_url) as database:
        click.echo(str(set_up(database, folder)))


@content.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@DATA
@DATABASE_URL
def export(folder: Path, data: Path | None, database_url: str | None) -> None:
    """Write everything that is published into FOLDER as seed files."""
    from bot.schema import migrate

    settings = settings_of(None, None, data, database_url)
    with Database(settings.storage.database_url) as database:
        migrate(database)
        click.echo(f"{loader.export(database, folder)} documents written to {folder}.")


@content.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", required=True, help="Who wrote it; kept with the revision.")
@click.option("--approved-by", help="Who approved it; urgent help needs somebody else than its author.")
@DATA
@DATABASE_URL
def publish(files: tuple[Path, ...], by: str, approved_by: str | None, data: Path | None, database_url: str | None) -> None:
    """Publish FILES in place of what is there, as staff: seed files no longer replace it. All are published, or none.

    A file stands where `content export` puts it, such as crisis/suicide.yml or england/council-tax.yml. A new entry and its
    answer are published together.
    """
    from bot.schema import migrate

    settings = settings_of(None, None, data, database_url)
    with Database(settings.storage.database_url) as database:
        migrate(database)
        try:
            documents = [seed.read_one(file) for file in files]
            editor.publish_all(database, documents, author=by, approver=approved_by)
        except (seed.SeedRefused, editor.EditRefused) as refused:
            raise click.ClickException(str(refused)) from refused
    for document in documents:
        click.echo(f"{document.kind} {document.key} is published.")
