"""The real engine, loaded once and forked for each start: what a test kills fifty times needs to be back in a second.

`python -m tests.e2e.forked_engine CONTROL MODELS DATABASE_URL` loads it. Whoever connects to the socket CONTROL and sends
"DATA DATABASE_URL" gets an engine of their own, which lives as long as the connection.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bot.engine_process import EngineProcess
from bot.settings import ROOT, Settings
from tests.e2e.program import children, until

UNSAVED, SAVED = "unsaved", "saved"
"""The two moments of answering at which a death differs: nothing is kept yet, or all is kept and nothing told."""
LOADING_SECONDS = 180


class Forks:
    """The process that holds the loaded engine and forks it, and those that it forked."""

    def __init__(self, folder: Path, models: Path, database_url: str) -> None:
        self.control = folder / "control.sock"
        arguments = [str(self.control), str(models), database_url]
        with (folder / "engine.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.forked_engine", *arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        until(self.control.exists, LOADING_SECONDS)

    def kill_one(self) -> None:
        """Kill the engine that is there, or the next."""
        until(lambda: bool(children(self._process.pid)), 60)
        for pid in children(self._process.pid):
            os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        self._process.kill()
        self._process.wait(20)


class Orders:
    """When the engines of one data folder are to die, and whether one may start."""

    def __init__(self, data: Path) -> None:
        self._deaths, self._hold = data / "deaths", data / "hold"

    def die(self, *moments: str) -> None:
        """The next engines die at these moments, one after another."""
        self._deaths.write_text("\n".join(moments))

    @property
    def to_come(self) -> list[str]:
        """The deaths that have not come yet."""
        return self._deaths.read_text().split() if self._deaths.exists() else []

    def hold(self) -> None:
        """No engine starts until `release`."""
        self._hold.touch()

    def release(self) -> None:
        self._hold.unlink()

    # in the engine

    def wait(self) -> None:
        while self._hold.exists():
            time.sleep(0.02)

    def obey(self, moment: str) -> None:
        first, *others = self.to_come or [""]
        if first == moment:
            self.die(*others)
            os.kill(os.getpid(), signal.SIGKILL)


class ForkedEngine(EngineProcess):
    """The supervision as it is, but for where an engine comes from."""

    def __init__(self, settings: Settings, control: str) -> None:
        super().__init__(settings)
        self._control, self._storage = control, settings.storage

    async def _start(self, what: str, **options: Any) -> Any:
        assert what == "serve"
        reader, writer = await asyncio.open_unix_connection(self._control)
        writer.write(f"{self._storage.data} {self._storage.database_url}\n".encode())
        self._process = _Fork(reader, writer)  # type: ignore[assignment]
        return self._process


class _Fork:
    """A forked engine, as asyncio shows a process: each end of the connection closes when the process there ends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.returncode: int | None = None
        self._ended = asyncio.ensure_future(self._watch(reader))

    async def _watch(self, reader: asyncio.StreamReader) -> None:
        await reader.read()
        self.returncode = -signal.SIGKILL
        self._writer.close()

    async def wait(self) -> None:
        await asyncio.shield(self._ended)

    def terminate(self) -> None:
        self._writer.close()

    def kill(self) -> None:
        self._writer.close()


def main(control: str, models: str, database_url: str) -> None:
    data = Path(models).parent
    os.environ.update(LOCAL_OFFER_DATA=str(data), LOCAL_OFFER_DATABASE_URL=database_url, OMP_NUM_THREADS="1")
    from bot.engine.__main__ import prepare_environment

    prepare_environment(data)
    from bot.engine.agent import Agent
    from bot.engine.model_files import model_path
    from content.database import shared
    from content.settings import Storage

    agent = Agent(model_path(Storage(data, database_url)), shared(database_url))
    # No two engines may speak over one connection.
    shared(database_url).close()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _leave_with(sys.stdin.fileno())
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(control)
        listening.listen()
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _serve(agent, connection, database_url)
            connection.close()


def _serve(agent: Any, connection: socket.socket, loaded_from: str) -> None:
    """What `bot.engine serve` does once the model is loaded."""
    from aiohttp import web

    from bot.engine.server import application
    from content.database import Database, shared

    data, database_url = connection.makefile().readline().split()
    _leave_with(connection.fileno())
    orders = Orders(Path(data))
    orders.wait()
    shared(loaded_from).engine = Database(database_url).engine
    trackers = agent._processor.tracker_store
    save = trackers.save

    async def save_in_danger(tracker: Any) -> None:
        orders.obey(UNSAVED)
        await save(tracker)
        orders.obey(SAVED)

    trackers.save = save_in_danger
    socket_path = Path(data) / "engine.sock"
    socket_path.unlink(missing_ok=True)
    web.run_app(application(agent), path=str(socket_path), print=None, access_log=None, handle_signals=True)
    os._exit(0)


def _leave_with(descriptor: int) -> None:
    """End when the other end is gone."""

    def leave() -> None:
        while os.read(descriptor, 1024):
            pass
        os._exit(0)

    threading.Thread(target=leave, daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
