"""Starts and stops the whole program, as a person would."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

TRAINING_SECONDS = 900
KILLS = int(os.environ.get("LOCAL_OFFER_TEST_KILLS", "6"))
"""How often each test that kills at random does so on each database; the whole proof, ALL_KILLS, takes minutes more."""
ALL_KILLS = 25


class Program:
    """`local-offer serve` on a free port, with its own data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / "serve.log"
        self.process: subprocess.Popen | None = None

    def start(self, **settings: str) -> None:
        environment = {**os.environ, "LOCAL_OFFER_RATE_LIMITS": "off", **settings}
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(Path(sys.executable).with_name("local-offer")),
                    "serve",
                    "--port",
                    str(self.port),
                    "--data",
                    str(self.data),
                ],
                stdout=log,
                stderr=log,
                env=environment,
            )

    def wait_for(self, path: str, seconds: float) -> float:
        """Seconds until the address answers 200."""
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            if self.status(path) == 200:
                return time.monotonic() - started
            time.sleep(0.05)
        raise AssertionError(f"{path} was not ready within {seconds} s:\n{self.log.read_text(errors='replace')[-2000:]}")

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def engine_id(self) -> int:
        """The engine's process id."""
        assert self.process
        return next(pid for pid in children(self.process.pid) if b"bot.engine" in Path(f"/proc/{pid}/cmdline").read_bytes())

    def stop(self) -> float:
        """Seconds that stopping took."""
        assert self.process
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        return time.monotonic() - started

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait(20)


class Chat:
    """One conversation over the public API."""

    def __init__(self, program: Program, authority: str | None = None) -> None:
        self._program = program
        made = self._call("POST", "/conversations", {"authority": authority})
        self.path, self.token, self.opening = f"/conversations/{made['id']}", made["token"], made["messages"]

    def say(self, text: str, *, id: str | None = None, timeout: float = 30) -> list[dict[str, Any]]:
        body = {"text": text, "client_message_id": id or uuid.uuid4().hex}
        return list(self._call("POST", self.path + "/messages", body, timeout=timeout)["messages"])

    def transcript(self) -> list[dict[str, Any]]:
        return list(self._call("GET", self.path + "/messages")["messages"])

    def delete(self) -> None:
        self._call("DELETE", self.path)

    def _call(self, method: str, path: str, body: Any = None, *, timeout: float = 30) -> Any:
        headers = {"Content-Type": "application/json"}
        if hasattr(self, "token"):
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._program.url}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return json.loads(response.read() or b"null")


def children(pid: int) -> list[int]:
    """All processes below this one."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found.extend([int(child), *children(int(child))])
    return found


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def until(holds: Callable[[], bool], seconds: float) -> None:
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, f"did not come true within {seconds} s"
        time.sleep(0.05)


def memory_mb(pid: int) -> float:
    """What the process and all below it hold of the machine's memory, shared pages counted once per process."""
    pages = 0
    for each in [pid, *children(pid)]:
        pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
