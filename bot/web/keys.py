"""What the application holds for its handlers."""

from __future__ import annotations

from aiohttp import web
from jinja2 import Environment

from bot.alerts.outbox import Outbox
from bot.conversations.service import ConversationService
from bot.desk.service import DutyDesk
from bot.desk.suggestions import Suggestions
from bot.desk.tray import Tray
from bot.engine_process import EngineProcess
from bot.settings import Settings
from bot.staff.accounts import Accounts
from bot.staff.audit import Audit
from bot.staff.personal import PersonalInvitations
from bot.staff.sessions import Sessions
from bot.web.limits import RateLimits
from content.library import Library

SETTINGS = web.AppKey("settings", Settings)
SERVICE = web.AppKey("service", ConversationService)
LIBRARY = web.AppKey("library", Library)
ENGINE = web.AppKey("engine", EngineProcess)
LIMITS = web.AppKey("limits", RateLimits)
TEMPLATES = web.AppKey("templates", Environment)
DESK = web.AppKey("desk", DutyDesk)
ACCOUNTS = web.AppKey("accounts", Accounts)
SESSIONS = web.AppKey("sessions", Sessions)
AUDIT = web.AppKey("audit", Audit)
PERSONAL = web.AppKey("personal", PersonalInvitations)
OUTBOX = web.AppKey("outbox", Outbox)
SUGGESTIONS = web.AppKey("suggestions", Suggestions)
TRAY = web.AppKey("tray", Tray)
