"""Processes of a measurement: started on loopback with a log each, waited for, weighed, and stopped whatever happens."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

STOP_SECONDS = 15.0
POLL_SECONDS = 0.5
TOLD_EVERY_SECONDS = 15.0
LOG_LINES_SHOWN = 15
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ProcessFailed(Exception):
    """A process ended, or took too long; the message ends with the last lines of its log."""


def tell(line: str) -> None:
    """A line of progress."""
    print(line, file=sys.stderr, flush=True)


def quiet_environment(**more: str) -> dict[str, str]:
    """The environment without settings of ours, and with nothing reported to anybody."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCAL_OFFER_")}
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
    return {**kept, **quiet, **more}


def free_port() -> int:
    """A port on loopback that nobody serves at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Processes:
    """Processes that live as long as the `with` block, at most."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> Processes:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with _undisturbed():
            self._stop()

    def start(
        self, name: str, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], **options: Any
    ) -> subprocess.Popen:
        """Start one in a session of its own: Ctrl-C reaches us alone, and we stop them in order."""
        with _undisturbed(), self._log(name).open("wb") as log:
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options}
            process = subprocess.Popen(command, cwd=cwd, env=dict(environment), start_new_session=True, **streams)
            self._started[name] = process
        return process

    def wait_for_answer(self, url: str, seconds: float, what: str) -> None:
        """Until the address answers 200. Raises ProcessFailed."""

        def answers() -> bool:
            self.check(what)
            return _answers(url)

        self._wait(answers, seconds, what)

    def wait_for_end(self, process: subprocess.Popen, seconds: float, what: str) -> None:
        """Until the process has ended well. Raises ProcessFailed."""

        def has_ended() -> bool:
            if process.poll():
                self.check(what)
            return process.poll() == 0

        self._wait(has_ended, seconds, what)

    def check(self, what: str) -> None:
        """Raises ProcessFailed when one of them is no longer there."""
        for name, process in self._started.items():
            if process.poll() is not None:
                raise ProcessFailed(f"{what}: {name} ended with code {process.returncode}.\n{self._last_lines(name)}")

    def output_of(self, process: subprocess.Popen, seconds: float, what: str) -> str:
        """What the process, started with a pipe, wrote until it ended well. Raises ProcessFailed."""
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise ProcessFailed(f"{what}: not done after {seconds:.0f} s.") from error
        if process.returncode:
            raise ProcessFailed(f"{what}: ended with code {process.returncode}; the lines above say why.")
        return str(output)

    def memory_mb(self) -> float:
        """Resident memory of all of them and their descendants, in MB; what they share counts for each."""
        page = os.sysconf("SC_PAGE_SIZE")
        return sum(_resident_pages(each) for each in self._tree()) * page / 1_000_000

    def cpu_seconds(self) -> float:
        """Processor time that all of them and their descendants have used."""
        ticks = sum((_stat(each, 11) or 0) + (_stat(each, 12) or 0) for each in self._tree())
        return ticks / os.sysconf("SC_CLK_TCK")

    def _wait(self, is_done: Callable[[], bool], seconds: float, what: str) -> None:
        started = told = time.monotonic()
        while not is_done():
            now = time.monotonic()
            if now - started > seconds:
                lines = "\n".join(self._last_lines(name) for name in self._started)
                raise ProcessFailed(f"{what}: not done after {seconds:.0f} s.\n{lines}")
            if now - told >= TOLD_EVERY_SECONDS:
                told = now
                tell(f"{what}, {now - started:.0f} s")
            time.sleep(POLL_SECONDS)
        tell(f"{what}: done after {time.monotonic() - started:.0f} s")

    def _stop(self) -> None:
        """End each in order, then by force whatever is left of it and its descendants."""
        tree = {each: _born(each) for each in self._tree()}
        for process in self._started.values():
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for process in self._started.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, until - time.monotonic()))
        for each, born in tree.items():
            if born is not None and _born(each) == born:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
        for process in self._started.values():
            process.wait()
        self._started.clear()

    def _tree(self) -> list[int]:
        children: dict[int, list[int]] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            parent = _stat(int(folder.name), 1)
            if parent is not None:
                children.setdefault(parent, []).append(int(folder.name))
        tree = [process.pid for process in self._started.values() if process.poll() is None]
        for each in tree:
            tree.extend(children.get(each, []))
        return tree

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _last_lines(self, name: str) -> str:
        lines = self._log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([f"--- {name}", *lines[-LOG_LINES_SHOWN:]])


class Watch:
    """From when it is made, how much of the machine went to anything but the servers and the load that was put on them."""

    def __init__(self, servers: Processes) -> None:
        self._servers = servers
        self._started = time.monotonic()
        self._busy, self._own = _busy_seconds(), self._own_seconds()

    def other_cpus(self) -> float:
        """Processors kept busy by others, on average; the load generator must have ended."""
        other = (_busy_seconds() - self._busy) - (self._own_seconds() - self._own)
        return round(max(0.0, other) / (time.monotonic() - self._started), 2)

    def _own_seconds(self) -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return self._servers.cpu_seconds() + ended.ru_utime + ended.ru_stime


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold Ctrl-C and termination back: a process that was just started, or half stopped, would be forgotten.

    With handlers, since a child would inherit blocked or ignored signals.
    """
    came: list[int] = []
    handlers = {each: signal.signal(each, lambda number, _: came.append(number)) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
        if came:
            signal.raise_signal(came[0])


def _answers(url: str) -> bool:
    try:
        with _direct.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _busy_seconds() -> float:
    """Processor time of the whole machine since it started, with what its host took away, without waiting."""
    first, *_ = Path("/proc/stat").read_text(encoding="utf-8").splitlines()
    user, nice, system, _, _, interrupt, soft_interrupt, steal = (int(each) for each in first.split()[1:9])
    return (user + nice + system + interrupt + soft_interrupt + steal) / os.sysconf("SC_CLK_TCK")


def _stat(process: int, field: int) -> int | None:
    """A number of /proc/…/stat, counted from the state, which follows the name; None when the process is gone."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[field])


def _born(process: int) -> int | None:
    """When it started, which tells it from a later process of the same number."""
    return _stat(process, 19)


def _resident_pages(process: int) -> int:
    return _stat(process, 21) or 0
