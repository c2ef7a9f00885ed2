"""The command `local-offer`."""

from __future__ import annotations

import logging
import sys

import click

from bot.cli.content import content
from bot.cli.crisis import crisis
from bot.cli.serving import evaluate, serve, train
from bot.cli.staff import staff


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """The assistant for young people who have left care.

    \b
    local-offer serve            set everything up and serve the chat at http://localhost:8080
    local-offer evaluate         say how well it understands
    local-offer evaluate crisis  say how well it hears cries for help
    local-offer crisis list      show who waits for a person after a cry for help
    local-offer staff add        invite somebody to the duty desk
    local-offer content check    say what is wrong with the seed files, if anything is
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)


for command in (serve, train, evaluate, content, crisis, staff):
    main.add_command(command)
