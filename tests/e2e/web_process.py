"""The web process alone, with a scripted or a forked engine: what a test kills fifty times needs to be back in seconds.

`python -m tests.e2e.web_process PORT DATA DATABASE_URL [CONTROL]`
"""

from __future__ import annotations

import sys
from pathlib import Path

from aiohttp import web

from bot.settings import Limits, Settings
from bot.web.app import application
from content.settings import Storage
from tests.bot.scripted_engine import ScriptedEngine
from tests.e2e.forked_engine import ForkedEngine


def main(port: str, data: str, database_url: str, control: str | None = None) -> None:
    settings = Settings(storage=Storage(Path(data), database_url), limits=Limits(is_on=False), port=int(port))
    engine = ForkedEngine(settings, control) if control else ScriptedEngine()
    web.run_app(application(settings, engine), host="127.0.0.1", port=int(port), print=None, access_log=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
