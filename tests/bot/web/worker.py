"""A member of staff with an open browser, and a young person with a chat, for the tests of the pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import ClientResponse, ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import TestClient

from bot.staff.model import Member, Role
from bot.web.keys import ACCOUNTS, SESSIONS
from tests.bot.desk.office import CITY, a_member
from tests.bot.scripted_engine import ScriptedEngine

OWN = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a request that our own page makes."""
HTML = {"Accept": "text/html"}


@dataclass
class Worker:
    """Sends what the browser of somebody who is signed in sends."""

    client: TestClient
    member: Member
    token: str

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"staff={self.token}"}

    async def get(self, path: str, **options: Any) -> ClientResponse:
        return await self.client.get(path, headers={**HTML, **OWN, **self.cookie}, **options)

    async def page(self, path: str) -> str:
        response = await self.get(path)
        assert response.status == 200, (path, response.status)
        return await response.text()

    async def post(self, path: str, **form: str) -> ClientResponse:
        return await self.client.post(path, data=form, headers={**HTML, **OWN, **self.cookie})

    async def socket(self, path: str) -> ClientWebSocketResponse:
        return await self.client.ws_connect(path, headers={**OWN, **self.cookie})

    async def chat(self, reference: str) -> ClientWebSocketResponse:
        """Listen to a case's chat as its page does: from the last message that the page shows."""
        case = f"/desk/cases/{reference}"
        last = re.search(r'data-last="(\d+)"', await self.page(case))
        assert last
        return await self.socket(f"{case}/events?after={last[1]}")


def hire(client: TestClient, name: str, role: Role = Role.DUTY, authority: str | None = CITY) -> Worker:
    """Somebody with an account and a session."""
    member = a_member(client.app[ACCOUNTS], name, role, authority)
    return Worker(client, member, client.app[SESSIONS].begin(member.id))


@dataclass
class Person:
    """A young person who uses the public API."""

    client: TestClient
    engine: ScriptedEngine
    url: str
    auth: dict[str, str]
    reference: str = ""
    _ids: Any = field(default_factory=count)

    async def says(self, text: str) -> list[dict[str, Any]]:
        body = {"text": text, "client_message_id": f"m{next(self._ids)}"}
        response = await self.client.post(f"{self.url}/messages", json=body, headers=self.auth)
        assert response.status == 200
        return list((await response.json())["messages"])

    async def asks(self, **wanted: Any) -> str:
        """Be passed on to a person; the case's reference."""
        self.engine.request = {"to": "duty", "way": "chat", **wanted}
        [told] = await self.says("a person please")
        self.engine.request = None
        self.reference = told["handoff"]["reference"]
        return self.reference

    async def transcript(self) -> list[dict[str, Any]]:
        return list((await (await self.client.get(f"{self.url}/messages", headers=self.auth)).json())["messages"])

    async def chat(self) -> ClientWebSocketResponse:
        """Listen from the last message on."""
        last = (await self.transcript())[-1]["id"]
        return await self.client.ws_connect(f"{self.url}/events?after={last}", headers=self.auth)


async def arrive(client: TestClient, engine: ScriptedEngine, authority: str | None = CITY) -> Person:
    made = await (await client.post("/api/v1/conversations", json={"authority": authority})).json()
    url = f"/api/v1/conversations/{made['id']}"
    return Person(client, engine, url, {"Authorization": f"Bearer {made['token']}"})


async def until(socket: ClientWebSocketResponse, **wanted: Any) -> dict[str, Any]:
    """The next news with these fields; what comes before it is passed over. It waits a second for each."""
    while True:
        news = await socket.receive_json(timeout=1)
        if wanted.items() <= news.items():
            return dict(news)


async def end_of(socket: ClientWebSocketResponse) -> tuple[int, list[Any]]:
    """The code with which a socket is closed in the next second, and what came before that."""
    heard = []
    while True:
        frame = await socket.receive(timeout=1)
        if frame.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
            return int(socket.close_code or 0), heard
        heard.append(frame.json())
