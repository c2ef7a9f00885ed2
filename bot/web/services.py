"""What the application opens when it starts, hands to its handlers, keeps running, and closes when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.alerts.dispatcher import Dispatcher
from bot.alerts.outbox import Outbox
from bot.alerts.recipients import StaffRecipients
from bot.alerts.smtp import Mail
from bot.alerts.watch import Watch
from bot.alerts.webhook import Webhook
from bot.alerts.words import Words
from bot.conversations.announcer import Announcer
from bot.conversations.crisis import CrisisHelp
from bot.conversations.escalations import Escalations
from bot.conversations.handoff import Handoff
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.service import ConversationService
from bot.conversations.store import ConversationStore
from bot.conversations.targets import Targets
from bot.desk.announcer import DeskAnnouncer
from bot.desk.cases import Cases
from bot.desk.duty import Duty
from bot.desk.service import DutyDesk
from bot.desk.suggestions import Suggestions
from bot.desk.tray import Tray
from bot.libretranslate import LibreTranslate
from bot.retention import Eraser
from bot.staff.accounts import Accounts
from bot.staff.audit import Audit
from bot.staff.personal import PersonalInvitations
from bot.staff.sessions import Sessions
from bot.web.keys import (
    ACCOUNTS,
    AUDIT,
    DESK,
    ENGINE,
    LIBRARY,
    OUTBOX,
    PERSONAL,
    SERVICE,
    SESSIONS,
    SETTINGS,
    SUGGESTIONS,
    TEMPLATES,
    TRAY,
)
from content.database import Database
from content.errors import ContentError
from content.library import Library
from nlu.crisis.classifier import Classifier
from nlu.crisis.screen import CrisisScreen

logger = logging.getLogger(__name__)


async def services(app: web.Application) -> AsyncIterator[None]:
    """Open everything, keep it running, and close it in the opposite order."""
    settings, screen = app[SETTINGS], CrisisScreen()
    # The phrases listen from the first moment; the classifier takes some seconds, the first time more.
    opening = asyncio.get_running_loop().run_in_executor(None, _open_classifier, screen, settings.storage.models)
    async with contextlib.AsyncExitStack() as stack:
        database = stack.enter_context(Database(settings.storage.database_url))
        app[LIBRARY], app[AUDIT] = Library(database), Audit(database)
        app[ACCOUNTS], app[SESSIONS] = Accounts(database), Sessions(database)
        app[PERSONAL] = PersonalInvitations(database, app[AUDIT])
        targets = Targets(app[LIBRARY], settings.first_reply)
        watch, dispatcher = _alerts(app, database, targets, stack)
        handoff, announcer, desks = Handoff(app[LIBRARY], targets), Announcer(), DeskAnnouncer()
        store = ConversationStore(database)
        handoffs = HandoffStore(database, Escalations(targets.due, watch.announce, watch.announce_handed))
        translator = LibreTranslate(settings.translate_url, settings.translate_key) if settings.translate_url else None
        if translator:
            stack.push_async_callback(translator.close)
        app[SERVICE] = ConversationService(
            store,
            handoffs,
            app[LIBRARY],
            app[ENGINE],
            announcer,
            CrisisHelp(screen, app[LIBRARY]),
            handoff,
            most_waiting=settings.limits.waiting_per_conversation,
            save_seconds=settings.save_seconds,
            translator=translator,
            desk=desks.changed,
        )
        stack.callback(app[SERVICE].close)
        duty = Duty(database, handoff, app[AUDIT], due=targets.due, announce=watch.announce_handed)
        app[DESK] = DutyDesk(Cases(database), duty, store, announcer, desks)
        stack.callback(app[DESK].close)
        app[SUGGESTIONS] = Suggestions(database, app[AUDIT])
        app[TRAY] = Tray(app[SUGGESTIONS])
        app[TEMPLATES].globals["suggestions_waiting"] = app[TRAY].count
        eraser = Eraser(database, app[AUDIT], app[SESSIONS], settings.retention)
        running = (app[ENGINE].run(), app[SERVICE].catch_up(), app[DESK].keep_moving(), dispatcher.run(), watch.run())
        await stack.enter_async_context(_running(*running, eraser.run(), app[TRAY].keep_looking()))
        yield
        await opening


async def end_listening(app: web.Application) -> None:
    """End the sockets before the server waits for them."""
    app[DESK].desks.close_all()
    app[SERVICE].announcer.close_all()


def _alerts(
    app: web.Application, database: Database, targets: Targets, stack: contextlib.AsyncExitStack
) -> tuple[Watch, Dispatcher]:
    settings = app[SETTINGS]
    app[OUTBOX] = Outbox(database, _now)
    recipients = StaffRecipients(database, settings.webhooks)
    webhook = Webhook()
    stack.push_async_callback(webhook.close)
    mail = Mail(settings.smtp_url, settings.smtp_from) if settings.smtp_url else None
    if mail is None:
        logger.warning("No mail server is set (LOCAL_OFFER_SMTP_URL): alerts by e-mail wait, and the desk says so.")
    words = Words(settings.public_url or f"http://localhost:{settings.port}", lambda id: _council(app, id))
    return (
        Watch(database, app[OUTBOX], recipients, _now, due=targets.due),
        Dispatcher(app[OUTBOX], mail, webhook, words),
    )


def _council(app: web.Application, id: str) -> str | None:
    try:
        return app[LIBRARY].shelf.authority(id).name
    except ContentError:
        return None


@contextlib.asynccontextmanager
async def _running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work that goes on until the end."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _open_classifier(screen: CrisisScreen, folder: Path) -> None:
    try:
        screen.classifier = Classifier.open(folder)
    except Exception:
        logger.exception("The crisis classifier cannot be opened.")
    if screen.classifier is None:
        logger.warning("The crisis classifier is missing: cries for help are heard by their phrases alone.")


def _now() -> datetime:
    return datetime.now(timezone.utc)
