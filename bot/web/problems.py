"""Errors as people and programs get them: problem details (RFC 9457) under /api, a plain page elsewhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.conversations.model import ConversationNotFound, MessageRefused, StoreAway, TooManyWaiting
from bot.web.keys import TEMPLATES
from bot.web.limits import TooManyRequests
from content.errors import ContentError

logger = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BUSY_SECONDS = 2


class Problem(Exception):
    """A refusal with its HTTP status, a title, and a sentence that says what to do."""

    def __init__(self, status: int, title: str, detail: str, **fields: object) -> None:
        self.status, self.title, self.detail, self.fields = status, title, detail, fields
        self.headers: dict[str, str] = {}
        super().__init__(detail)


def problem_of(error: Exception) -> Problem:
    """The problem that an error is; what is not expected becomes a 500 that tells nothing of its inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ConversationNotFound):
        return Problem(404, "Not found", "There is no such conversation.")
    if isinstance(error, MessageRefused):
        return Problem(422, "Cannot be taken", str(error), field=error.field)
    if isinstance(error, (TooManyRequests, TooManyWaiting)):
        problem = Problem(429, "Too many at once", str(error))
        problem.headers["Retry-After"] = str(getattr(error, "wait", BUSY_SECONDS))
        return problem
    if isinstance(error, (ContentError, StoreAway)):
        return Problem(503, "Not ready", str(error))
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return Problem(413, "Too large", "Please send it in shorter parts.")
    if isinstance(error, web.HTTPNotFound):
        return Problem(404, "Not found", "There is nothing at this address.")
    if isinstance(error, web.HTTPMethodNotAllowed):
        problem = Problem(405, "Not allowed", f"This address takes {', '.join(sorted(error.allowed_methods))}.")
        problem.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return problem
    if isinstance(error, web.HTTPException):
        return Problem(error.status, error.reason, error.reason)
    logger.exception("A request failed.", exc_info=error)
    return Problem(500, "Something went wrong", "Something went wrong on our side. Please try again.")


def _way_on(request: web.Request, problem: Problem) -> tuple[str, str]:
    """Where a refusal leads on to: staff to their pages, everybody else to the start."""
    is_staff = request.path.startswith(("/desk", "/staff", "/editor"))
    if is_staff and problem.status == 401:
        case = re.match("/desk/cases/[A-Z0-9]+", request.path)
        return f"/staff/sign-in?next={case.group() if case else '/desk'}", "Sign in"
    return ("/desk", "Go to the desk") if is_staff else ("/", "Go to the start")


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal into the answer that fits the address."""
    try:
        return await handler(request)
    except web.HTTPException as response:
        if response.status < 400:
            raise
        problem = problem_of(response)
    except Exception as error:
        problem = problem_of(error)
    if request.path.startswith("/api/") or request.path in ("/healthz", "/readyz"):
        body = {"type": "about:blank", "title": problem.title, "status": problem.status, "detail": problem.detail}
        return web.json_response(
            {**body, **problem.fields},
            status=problem.status,
            headers=problem.headers,
            content_type="application/problem+json",
        )
    address, words = _way_on(request, problem)
    page = request.app[TEMPLATES].get_template("problem.html").render(problem=problem, address=address, words=words)
    return web.Response(text=page, status=problem.status, headers=problem.headers, content_type="text/html")
