"""The program as it is served: who is handed a case at the desk has a letter of it, in which nothing is that was said."""

from __future__ import annotations

import shutil

from aiohttp.test_utils import TestClient, TestServer

from bot.settings import Limits, Settings
from bot.web.app import application
from content.settings import Storage
from tests.bot.alerts.people import until
from tests.bot.scripted_engine import ScriptedEngine
from tests.bot.web.worker import arrive, hire

PUBLIC, SAID = "https://help.example.org", "xylophone"


async def test_who_is_handed_a_case_at_the_desk_has_a_letter_and_its_page_says_so(
    tmp_path, loaded_file, models, mail_server
):
    shutil.copy(loaded_file, tmp_path / "local-offer.db")
    (tmp_path / "models").symlink_to(models)
    storage, limits = Storage.at(tmp_path), Limits(is_on=False)
    settings = Settings(storage, limits=limits, public_url=PUBLIC, smtp_url=mail_server.url, smtp_from="help@example.org")
    engine = ScriptedEngine()
    async with TestClient(TestServer(application(settings, engine))) as client:
        sam, dana, person = hire(client, "Sam Lee"), hire(client, "Dana Fox"), await arrive(client, engine)
        reference = await person.asks(about=SAID)
        case = f"/desk/cases/{reference}"
        await sam.post(f"{case}/take")
        await person.says(SAID)
        await until(lambda: len(mail_server.letters) == 2)
        await sam.post(f"{case}/hand", to=str(dana.member.id))
        await until(lambda: len(mail_server.letters) == 3)
        letter = mail_server.letters[-1]
        page = await dana.page(case)
    assert (letter["To"], letter["Subject"]) == (dana.member.email, f"A case was handed over to you: {reference} (routine)")
    assert f"{PUBLIC}{case}" in letter.get_content()
    assert SAID not in letter.as_string()
    assert f"handed, email to {dana.member.email}" in page
