"""The engine seen from the web process: trained when there is no model, started, watched, started again, and asked."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

import aiohttp

from bot.conversations.engine import Answered, EngineAway
from bot.conversations.model import Conversation
from bot.engine.model_files import model_path
from bot.settings import ROOT, Settings

logger = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before the engine is started again: doubled each time it dies, from the first again once it was ready."""
STOP_SECONDS = 3.0
READY_POLL_SECONDS = 0.2

Progress = Callable[[int, int, str], None]
"""Told (step, of how many, what it does) while training and starting."""


class EngineProcess:
    """Owns the engine's process. `run` keeps it alive until cancelled; `answer` asks it."""

    def __init__(self, settings: Settings, progress: Progress = lambda step, of, name: None) -> None:
        self._settings = settings
        self._progress = progress
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self.state = "starting"
        """What it is doing, in words for /readyz: starting, training, ready, or why it is not."""

    @property
    def is_ready(self) -> bool:
        return self.state == "ready"

    async def answer(self, conversation: Conversation, message: str, text: str, *, language: str | None = None) -> Answered:
        """The engine's replies to one message. Raises EngineAway when it is not there, fails, or takes too long."""
        if not self.is_ready or self._session is None:
            raise EngineAway(self.state)
        body = {
            "conversation": conversation.id,
            "message": message,
            "text": text,
            "language": language,
            "request": conversation.request,
            "picked": {
                "authority": conversation.authority,
                "language": conversation.language,
                "has_pa": conversation.pa_id is not None or None,
            },
        }
        timeout = aiohttp.ClientTimeout(total=self._settings.engine_seconds)
        try:
            async with self._session.post("http://engine/answer", json=body, timeout=timeout) as response:
                if response.status != 200:
                    raise EngineAway(f"the engine answered {response.status}")
                answered = await response.json()
                return Answered(answered["replies"], answered["language"], answered["council"])
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise EngineAway(type(error).__name__) from error

    async def run(self) -> None:
        """Train if needed, then keep one engine alive, until cancelled; then stop it."""
        connector = aiohttp.UnixConnector(path=str(self._settings.engine_socket), limit=50)
        self._session = aiohttp.ClientSession(connector=connector)
        pause = FIRST_PAUSE
        try:
            while True:
                try:
                    if not model_path(self._settings.storage).exists():
                        await self._train()
                    if await self._serve():
                        pause = FIRST_PAUSE
                except EngineFailed as failed:
                    self.state = str(failed)
                except (OSError, ValueError) as error:
                    # No process, no memory, a file that cannot be written: it may be there again in a moment.
                    self.state = f"it cannot be started: {type(error).__name__}"
                logger.error("The engine is away (%s); starting it again in %.1f s.", self.state, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            self.state = "stopping"
            await self._stop()
            await self._session.close()

    async def _train(self) -> None:
        self.state = "training the assistant: about four minutes, the first time only"
        log = self._settings.storage.data / "training.log"
        with log.open("wb") as errors:
            process = await self._start("train", stdout=asyncio.subprocess.PIPE, stderr=errors)
        assert process.stdout is not None
        async for line in process.stdout:
            step = json.loads(line)
            self._progress(step["step"], step["of"], step["name"])
        if await process.wait() != 0:
            raise EngineFailed(f"training failed; {log} says why")

    async def _serve(self) -> bool:
        """Run one engine until it ends; whether it was ever ready."""
        self.state = "starting the assistant"
        self._settings.engine_socket.unlink(missing_ok=True)
        process = await self._start("serve")
        was_ready = False
        ended = asyncio.ensure_future(process.wait())
        while not ended.done():
            if await self._answers():
                was_ready, self.state = True, "ready"
                self._progress(1, 1, "ready")
                await ended
                break
            await asyncio.wait([ended], timeout=READY_POLL_SECONDS)
        self.state = f"the engine ended with code {process.returncode}"
        return was_ready

    async def _answers(self) -> bool:
        assert self._session is not None
        try:
            async with self._session.get("http://engine/ready", timeout=aiohttp.ClientTimeout(total=2)) as response:
                return response.status == 200
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
            return False

    async def _start(self, what: str, **options: Any) -> asyncio.subprocess.Process:
        storage = self._settings.storage
        environment = {
            **os.environ,
            "LOCAL_OFFER_DATA": str(storage.data),
            "LOCAL_OFFER_DATABASE_URL": storage.database_url,
            "OMP_NUM_THREADS": "1" if what == "serve" else str(os.cpu_count() or 1),
        }
        # A process group of its own: Ctrl-C reaches the web process alone, which then stops the engine in order. The
        # engine reads its standard input, which ends with the web process however that dies.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.engine",
            what,
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
            **options,
        )
        return self._process

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()


class EngineFailed(Exception):
    """The engine cannot be brought up; the message says why."""
