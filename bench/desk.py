"""The duty desk under load: many cases wait, many desks are open, and one more cries for help.

`uv run python -m bench.desk` makes a database of its own, starts the web process over it, and prints how long a new case
takes to appear on every desk, and how long the queue's page takes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
import uuid
from datetime import datetime, timezone
from pathlib import Path

import aiohttp
import sqlalchemy as sa
from rich.console import Console

from bot.conversations.escalations import Escalations
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import ASKED, Request, Urgency
from bot.conversations.store import ConversationStore
from bot.conversations.targets import Targets
from bot.schema import migrate
from bot.staff.sessions import Sessions
from bot.staff.tables import staff
from content.database import Database
from content.library import Library
from content.loader import load
from nlu.crisis.classifier import Classifier

console = Console()
COUNCIL = "nottinghamshire"
PORT = 18_732


def prepared(url: str, cases: int, desks: int) -> list[str]:
    """A database with so many waiting cases and members; a session for each."""
    with Database(url) as database:
        migrate(database)
        load(database)
        store = ConversationStore(database)
        handoffs = HandoffStore(database, Escalations(Targets(Library(database)).due))
        for number in range(cases):
            conversation, _, _ = store.start(channel="api", authority=COUNCIL, language="en", opening=[])
            message = store.receive(conversation.id, "a person please", str(number))
            handoffs.hand_over(message, Request(ASKED, Urgency.ROUTINE), lambda _: [])
        now = datetime.now(timezone.utc)
        rows = [
            {"email": f"{number}@example.org", "name": f"Worker {number}", "role": "duty", "authority": COUNCIL,
             "password_hash": "", "totp_secret": "", "made_at": now}
            for number in range(desks)
        ]  # fmt: skip
        with database.write() as connection:
            connection.execute(sa.insert(staff), rows)
            ids = connection.execute(sa.select(staff.c.id)).scalars().all()
        return [Sessions(database).begin(id) for id in ids]


async def measured(base: str, sessions: list[str], pages: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds until a new case was on each desk, and seconds of each queue page."""
    own = {"Sec-Fetch-Site": "same-origin"}
    async with aiohttp.ClientSession() as client:
        sockets = [
            await client.ws_connect(f"{base}/desk/events", headers={**own, "Cookie": f"staff={session}"})
            for session in sessions
        ]
        for socket in sockets:
            await socket.receive_json(timeout=30)
        seen: list[float] = []
        for _ in range(rounds):
            async with client.post(f"{base}/api/v1/conversations", json={"authority": COUNCIL}) as response:
                chat = await response.json()
            started = time.perf_counter()
            body = {"text": "i want to kill myself", "client_message_id": uuid.uuid4().hex}
            headers = {"Authorization": f"Bearer {chat['token']}"}
            sending = asyncio.create_task(
                client.post(f"{base}/api/v1/conversations/{chat['id']}/messages", json=body, headers=headers)
            )

            async def heard(socket: aiohttp.ClientWebSocketResponse, since: float = started) -> float:
                await socket.receive_json(timeout=30)
                return time.perf_counter() - since

            seen.extend(await asyncio.gather(*map(heard, sockets)))
            (await sending).close()
        took = []
        for number in range(pages):
            started = time.perf_counter()
            headers = {"Cookie": f"staff={sessions[number % len(sessions)]}"}
            async with client.get(f"{base}/desk", headers=headers) as response:
                await response.read()
                response.raise_for_status()
            took.append(time.perf_counter() - started)
        for socket in sockets:
            await socket.close()
    return seen, took


async def run(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/local-offer.db"
        with console.status(f"{options.cases} people ask for a person"):
            sessions = prepared(url, options.cases, options.desks)
        with console.status("The crisis screen is built, as it is once on each machine"):
            Classifier.open(Path(folder) / "models")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.e2e.web_process", str(PORT), folder, url, env={**os.environ, "PYTHONPATH": "."},
            cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        base = f"http://127.0.0.1:{PORT}"
        try:
            await until_up(base)
            seen, took = await measured(base, sessions, options.pages, options.rounds)
        finally:
            process.terminate()
            await process.wait()
    console.print(
        f"{options.cases} waiting, {options.desks} desks: a new case on every desk after {max(seen):.2f} s at most, "
        f"{statistics.median(seen):.2f} s in the median"
    )
    p95 = statistics.quantiles(took, n=20)[-1]
    console.print(f"queue page: p50 {statistics.median(took) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms")


async def until_up(base: str) -> None:
    async with aiohttp.ClientSession() as client:
        for _ in range(600):
            try:
                async with client.get(f"{base}/healthz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise SystemExit("The web process did not start.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--desks", type=int, default=20)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=10)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
