"""Cries for help at the edge: heard before any limit, and answered with urgent help whatever else fails."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.conversations.model import Conversation, Message
from bot.web.keys import LIMITS, SERVICE, SETTINGS
from bot.web.limits import address_of
from bot.web.problems import Problem, problem_of

logger = logging.getLogger(__name__)


class Unsaved(Exception):
    """A cry for help that could not be taken as other messages are: the help for it, and the problem."""

    def __init__(self, help: Message, problem: Problem) -> None:
        self.help, self.problem = help, problem
        super().__init__(problem.detail)


async def receive(
    request: web.Request, text: str, opened: Callable[[], Awaitable[tuple[Conversation, str]]]
) -> list[Message]:
    """The replies to a message. `opened` gives its conversation and the client's id for it, or raises what is wrong.

    Raises Unsaved for a cry for help that could not be taken, for whatever reason; for other messages, that reason.
    """
    limits, settings, service = request.app[LIMITS], request.app[SETTINGS], request.app[SERVICE]
    heard = await service.hear(text)
    try:
        if not heard.is_crisis:
            limits.called(address_of(request, trust_proxy=settings.trust_proxy))
        conversation, client_message_id = await opened()
        if heard.is_crisis:
            limits.cried_for_help(conversation.id)
        else:
            limits.written(conversation.id)
        return await service.receive(conversation, text, client_message_id, heard)
    except Exception as error:
        if not heard.is_crisis:
            raise
        problem = problem_of(error)
        logger.error("A cry for help was answered without being saved: %s.", type(error).__name__)
        raise Unsaved(service.help_unsaved(heard), problem) from error
