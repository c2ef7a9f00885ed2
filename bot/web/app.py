"""Puts the application together: what it opens when it starts, and closes when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.channels.webchat import readable
from bot.conversations.announcer import Announcer
from bot.conversations.crisis import CrisisHelp
from bot.conversations.service import ConversationService
from bot.conversations.store import ConversationStore
from bot.engine_process import EngineProcess
from bot.libretranslate import LibreTranslate
from bot.settings import Settings
from bot.web import api, chat, health
from bot.web.keys import ENGINE, LIBRARY, LIMITS, SERVICE, SETTINGS, TEMPLATES
from bot.web.limits import RateLimits
from bot.web.problems import problems
from bot.web.security import security_headers
from content.database import Database
from content.library import Library
from nlu.crisis.classifier import Classifier
from nlu.crisis.screen import CrisisScreen

logger = logging.getLogger(__name__)
HERE = Path(__file__).parent
LARGEST_BODY = 512 * 1024


def application(settings: Settings, engine: EngineProcess) -> web.Application:
    """The web application. It serves at once; questions are answered when the engine is ready."""
    app = web.Application(middlewares=[security_headers, problems], client_max_size=LARGEST_BODY)
    app[SETTINGS] = settings
    app[ENGINE] = engine
    app[LIMITS] = RateLimits(settings.limits)
    app[TEMPLATES] = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    app[TEMPLATES].filters["readable"] = readable
    app.cleanup_ctx.append(_conversations)
    app.on_shutdown.append(_end_listening)
    app.add_routes([*health.routes, *api.routes, *chat.routes])
    app.router.add_static("/static/", HERE / "static", append_version=True)
    return app


async def _conversations(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    database = Database(settings.storage.database_url)
    app[LIBRARY] = Library(database)
    translator = LibreTranslate(settings.translate_url, settings.translate_key) if settings.translate_url else None
    screen = CrisisScreen()
    app[SERVICE] = ConversationService(
        ConversationStore(database),
        app[LIBRARY],
        app[ENGINE],
        Announcer(),
        CrisisHelp(screen, app[LIBRARY]),
        most_waiting=settings.limits.waiting_per_conversation,
        translator=translator,
    )
    tasks = [asyncio.create_task(app[ENGINE].run()), asyncio.create_task(app[SERVICE].catch_up())]
    # The phrases listen from the first moment; the classifier takes some seconds, the first time more.
    opening = asyncio.get_running_loop().run_in_executor(None, _open_classifier, screen, settings.storage.models)
    yield
    await opening
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    app[SERVICE].close()
    if translator:
        await translator.close()
    database.close()


def _open_classifier(screen: CrisisScreen, folder: Path) -> None:
    try:
        screen.classifier = Classifier.open(folder)
    except Exception:
        logger.exception("The crisis classifier cannot be opened.")
    if screen.classifier is None:
        logger.warning("The crisis classifier is missing: cries for help are heard by their phrases alone.")


async def _end_listening(app: web.Application) -> None:
    app[SERVICE].announcer.close_all()
