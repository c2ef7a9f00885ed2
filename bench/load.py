"""The load generator: fixed conversations with either assistant, in a process of its own, and what each message took.

`side_by_side.py` starts it; it writes one JSON document to standard output.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import click
from processes import tell

MESSAGES = (
    "hello there",
    "do i need to pay council tax on my flat",
    "how do i get it",
    "what money can i have to furnish my first place",
    "how much is it",
    "who can help me get a passport",
    "is there a bus pass for me",
    "can i stay with my foster carer after im 18",
    "i have run out of money and need food today",
    "what is a pathway plan",
    "can i go to the gym for free",
    "thanks for your help",
)
WARM_UP_MESSAGES = 20
MESSAGE_SECONDS = 60.0
PAUSE_AFTER_ERROR = 0.2
TOLD_EVERY_SECONDS = 5.0
NOT_AN_ANSWER = "notice"
"""The kind of message in which ours says that the answer comes later."""

Say = Callable[[str], Awaitable[bool]]
"""Sends one message of a conversation; whether the reply was an entry's text. Raises NoReply."""


class NoReply(Exception):
    """The message was not answered."""


@dataclass
class Phase:
    """What was seen in one stretch of the measurement."""

    milliseconds: list[float] = field(default_factory=list)
    answers: int = 0
    errors: int = 0
    first_error: str | None = None
    seconds: float = 0.0

    def summary(self) -> dict[str, Any]:
        messages = len(self.milliseconds)
        return {
            "messages": messages,
            "seconds": round(self.seconds, 2),
            "messages_a_second": round(messages / self.seconds, 2) if self.seconds else 0.0,
            "p50_ms": percentile(self.milliseconds, 0.50),
            "p95_ms": percentile(self.milliseconds, 0.95),
            "answers": self.answers,
            "errors": self.errors,
            "first_error": self.first_error,
        }


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest rank; None of nothing."""
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 2) if ordered else None


class Ours:
    """Our assistant over its public API."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, f"{url}/api/v1/conversations"

    async def begin(self) -> Say:
        made = await _post(self._session, self._url, {"authority": "nottinghamshire"}, 201)
        headers = {"Authorization": f"Bearer {made['token']}"}
        messages = f"{self._url}/{made['id']}/messages"

        async def say(text: str) -> bool:
            body = {"text": text, "client_message_id": uuid.uuid4().hex}
            replies = (await _post(self._session, messages, body, 200, headers))["messages"]
            kinds = {reply["kind"] for reply in replies}
            if not kinds or NOT_AN_ANSWER in kinds:
                raise NoReply(f"kinds of the replies: {sorted(kinds)}")
            return "answer" in kinds

        return say


class Stock:
    """A Rasa assistant over its REST channel. What its replies are made of is read from its tracker store instead."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, f"{url}/webhooks/rest/webhook"

    async def begin(self) -> Say:
        sender = uuid.uuid4().hex

        async def say(text: str) -> bool:
            replies = await _post(self._session, self._url, {"sender": sender, "message": text}, 200)
            if not replies:
                raise NoReply("no reply")
            return False

        return say


ASSISTANTS = {"ours": Ours, "stock": Stock}


async def _post(
    session: aiohttp.ClientSession, url: str, body: dict[str, Any], expected: int, headers: dict[str, str] | None = None
) -> Any:
    try:
        async with session.post(url, json=body, headers=headers) as response:
            answer = await response.json(content_type=None)
            if response.status != expected:
                raise NoReply(f"status {response.status}")
            return answer
    except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
        raise NoReply(f"{type(error).__name__} {error}".strip()) from error


async def converse(assistant: Ours | Stock, phase: Phase, goes_on: Callable[[], bool]) -> None:
    """One conversation after another. A message that was begun is waited for; an error ends its conversation."""
    while goes_on():
        try:
            say = await assistant.begin()
            for text in MESSAGES:
                if not goes_on():
                    return
                started = time.perf_counter()
                is_answer = await say(text)
                phase.milliseconds.append((time.perf_counter() - started) * 1000)
                phase.answers += is_answer
        except NoReply as error:
            phase.errors += 1
            phase.first_error = phase.first_error or str(error)
            await asyncio.sleep(PAUSE_AFTER_ERROR)


async def run_phase(assistant: Ours | Stock, name: str, at_once: int, seconds: float) -> Phase:
    phase = Phase()
    started = time.perf_counter()

    def goes_on() -> bool:
        return time.perf_counter() - started < seconds

    async def tell_progress() -> None:
        while True:
            await asyncio.sleep(TOLD_EVERY_SECONDS)
            tell(f"{name}: {time.perf_counter() - started:.0f} of {seconds:.0f} s, {len(phase.milliseconds)} messages")

    telling = asyncio.ensure_future(tell_progress())
    try:
        await asyncio.gather(*(converse(assistant, phase, goes_on) for _ in range(at_once)))
    finally:
        telling.cancel()
    phase.seconds = time.perf_counter() - started
    return phase


async def warm_up(assistant: Ours | Stock) -> None:
    """Raises NoReply when it does not even answer now."""
    phase = Phase()
    await converse(assistant, phase, lambda: len(phase.milliseconds) < WARM_UP_MESSAGES and not phase.errors)
    if phase.errors:
        raise NoReply(phase.first_error)


async def measure(which: str, url: str, at_once: int, seconds: float) -> dict[str, Any]:
    timeout = aiohttp.ClientTimeout(total=MESSAGE_SECONDS)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        assistant = ASSISTANTS[which](session, url)
        tell(f"{which}: warming up")
        await warm_up(assistant)
        one = await run_phase(assistant, f"{which}, one at a time", 1, seconds)
        many = await run_phase(assistant, f"{which}, {at_once} at once", at_once, seconds)
    return {"one": one.summary(), "many": many.summary()}


@click.command()
@click.argument("which", type=click.Choice(sorted(ASSISTANTS)))
@click.argument("url")
@click.option("--at-once", type=click.IntRange(1), default=20, show_default=True, help="Conversations at once.")
@click.option("--seconds", type=click.FloatRange(1), default=20, show_default=True, help="Length of each of the two phases.")
def main(which: str, url: str, at_once: int, seconds: float) -> None:
    """Measure an assistant that is already served at URL, such as http://127.0.0.1:8080, and write JSON."""
    try:
        click.echo(json.dumps(asyncio.run(measure(which, url, at_once, seconds))))
    except NoReply as error:
        raise click.ClickException(f"{which} did not answer while warming up: {error}") from error


if __name__ == "__main__":
    main()
