"""What the application holds for its handlers."""

from __future__ import annotations

from aiohttp import web
from jinja2 import Environment

from bot.conversations.service import ConversationService
from bot.engine_process import EngineProcess
from bot.settings import Settings
from bot.web.limits import RateLimits
from content.library import Library

SETTINGS = web.AppKey("settings", Settings)
SERVICE = web.AppKey("service", ConversationService)
LIBRARY = web.AppKey("library", Library)
ENGINE = web.AppKey("engine", EngineProcess)
LIMITS = web.AppKey("limits", RateLimits)
TEMPLATES = web.AppKey("templates", Environment)
