"""Staff open their accounts themselves, sign in with two factors, and their key is out of reach of anybody else."""

from __future__ import annotations

import re
import time
from html import unescape
from http.cookies import SimpleCookie

import pyotp
import pytest

from bot.settings import Limits
from bot.staff.model import Role
from bot.web.keys import ACCOUNTS, AUDIT, SESSIONS
from bot.web.limits import SIGN_INS
from tests.bot.desk.office import CITY, PASSWORD
from tests.bot.web.worker import HTML, OWN, arrive, hire

EMAIL = "sam.lee@council.example"
SECURE = {"X-Forwarded-Proto": "https"}


@pytest.fixture
def link(client) -> str:
    token = client.app[ACCOUNTS].invite(EMAIL, "Sam Lee", Role.DUTY, CITY, None)
    return f"/staff/invitation/{token}"


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the app shows now, or some steps later: no code is taken twice."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


def alert(page: str) -> str:
    return unescape(re.search(r'role="alert">([^<]*)<', page)[1])


async def accept(client, link: str) -> tuple[str, list[str]]:
    """Open the account; the second factor's secret and the recovery codes."""
    secret = re.search(r"<code>(\w+)</code>", await (await client.get(link)).text())[1]
    form = {"password": PASSWORD, "again": PASSWORD, "code": code_of(secret)}
    response = await client.post(link, data=form, headers=OWN)
    assert response.status == 200
    return secret, re.findall(r"<code>([A-Z2-7-]+)</code>", await response.text())


async def sign_in(client, code: str, headers=OWN, **form: str):
    data = {"email": EMAIL, "password": PASSWORD, "code": code, **form}
    return await client.post("/staff/sign-in", data=data, headers=headers, allow_redirects=False)


def cookie_of(response):
    [morsel] = SimpleCookie("".join(response.headers.getall("Set-Cookie"))).values()
    return morsel


# invitation, sign-in, sign-out


async def test_from_the_invitation_to_signing_out(client, link):
    page = await (await client.get(link)).text()
    assert "Welcome, Sam Lee" in page
    assert 'src="data:image/svg+xml' in page
    secret, codes = await accept(client, link)
    assert len(set(codes)) == 10
    assert (await client.get("/desk")).status == 401
    response = await sign_in(client, code_of(secret, steps=1))
    assert (response.status, response.headers["Location"]) == (303, "/desk")
    assert "Sam Lee" in await (await client.get("/staff")).text()
    key = cookie_of(response).value
    response = await client.post("/staff/sign-out", headers=OWN)
    assert response.url.path == "/staff/sign-in"
    assert [each.key for each in client.session.cookie_jar] == []
    for cookie in ({}, {"Cookie": f"staff={key}"}):
        assert (await client.get("/staff", headers=cookie)).status == 401


async def test_a_recovery_code_stands_in_for_the_phone_once(client, link):
    _, codes = await accept(client, link)
    assert (await sign_in(client, codes[0].lower())).status == 303
    assert (await sign_in(client, codes[0])).status == 401
    assert (await sign_in(client, codes[1])).status == 303


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"code": "000000"}, "The code is not the one that the app shows now. Please type the one that comes next."),
        ({"again": "seven green bicycle"}, "The two passwords are not the same. Please type them again."),
        ({"password": "short", "again": "short"}, "A password has 12 to 128 characters."),
        ({"password": "my local offer key", "again": "my local offer key"}, "neither your e-mail name nor"),
    ],
)
async def test_what_cannot_be_accepted_is_said_and_leaves_the_invitation_open(client, link, form, sentence):
    page = await (await client.get(link)).text()
    secret = re.search(r"<code>(\w+)</code>", page)[1]
    good = {"password": PASSWORD, "again": PASSWORD, "code": code_of(secret)}
    response = await client.post(link, data={**good, **form}, headers=OWN)
    refused = await response.text()
    assert response.status == 422
    assert sentence in alert(refused)
    assert secret in refused
    assert good["password"] not in refused
    assert client.app[ACCOUNTS].members() == []
    assert (await client.post(link, data=good, headers=OWN)).status == 200


async def test_an_invitation_that_is_used_or_unknown_opens_nothing(client, link):
    await accept(client, link)
    form = {"password": PASSWORD, "again": PASSWORD, "code": "000000"}
    for path in (link, "/staff/invitation/unknown", "/staff/invitation/%00"):
        for response in (await client.get(path), await client.post(path, data=form, headers=OWN)):
            assert response.status == 404, path
            assert "Please ask for a new one." in await response.text()


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"code": "000000"}, {"email": "nobody@council.example"}, {"email": ""}]
)
async def test_every_wrong_sign_in_is_told_the_same_and_nothing_that_is_secret_comes_back(client, link, wrong):
    secret, _ = await accept(client, link)
    response = await sign_in(client, **{"code": code_of(secret, steps=1), "next": "/desk?view=mine", **wrong})
    page = await response.text()
    assert (response.status, "Set-Cookie" in response.headers) == (401, False)
    assert alert(page) == "The e-mail address, the password or the code is not right."
    assert 'name="next" value="/desk?view=mine"' in page
    assert PASSWORD not in page


async def test_after_too_many_wrong_tries_even_the_right_one_waits(client, link):
    _, codes = await accept(client, link)
    for _ in range(5):
        response = await sign_in(client, "000000")
    assert response.status == 429
    response = await sign_in(client, codes[0])
    assert (response.status, "Please wait 1 minute, then try again." in await response.text()) == (429, True)


class TestLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits()

    async def test_one_address_tries_only_so_often(self, client):
        form = {"email": "x", "password": "x", "code": "x"}
        for _ in range(SIGN_INS):
            await client.post("/staff/invitation/unknown", data=form, headers=OWN)
        for path in ("/staff/sign-in", "/staff/invitation/unknown"):
            response = await client.post(path, data=form, headers=OWN)
            assert response.status == 429
            assert int(response.headers["Retry-After"]) > 0


# where to go


@pytest.mark.parametrize(
    ("next", "location"),
    [
        ("", "/desk"),
        ("/desk/cases/K7PX2C?after=1", "/desk/cases/K7PX2C?after=1"),
        ("/staff/audit", "/staff/audit"),
        ("https://evil.example", "/desk"),
        ("//evil.example/desk", "/desk"),
        ("/desk//evil.example", "/desk"),
        ("/\\evil.example", "/desk"),
        ("javascript:alert(1)", "/desk"),
    ],
)
async def test_signing_in_leads_to_our_own_pages_alone(client, link, next, location):
    secret, _ = await accept(client, link)
    response = await sign_in(client, code_of(secret, steps=1), next=next)
    assert (response.status, response.headers["Location"]) == (303, location)


@pytest.mark.parametrize("next", ["/desk\r\nSet-Cookie: chat=x", "/desk\n//evil.example", "/desk/\t/evil.example"])
async def test_what_leads_on_after_signing_in_cannot_say_anything_else_to_the_browser(client, link, next):
    secret, _ = await accept(client, link)
    response = await sign_in(client, code_of(secret, steps=1), next=next)
    assert response.headers["Location"].startswith("/desk")
    assert len(response.headers.getall("Set-Cookie")) == 1
    assert not re.search(r"[\r\n\t]", response.headers["Location"])


@pytest.mark.parametrize(
    ("role", "next", "location"),
    [
        (Role.EDITOR, "", "/editor/suggestions"),
        (Role.EDITOR, "/desk", "/editor/suggestions"),
        (Role.EDITOR, "/editor/suggestions", "/editor/suggestions"),
        (Role.EDITOR, "/staff", "/staff"),
        (Role.EDITOR, "/staff//evil.example", "/editor/suggestions"),
        (Role.EDITOR, "https://evil.example", "/editor/suggestions"),
        (Role.ADMIN, "", "/desk"),
        (Role.ADMIN, "/editor/suggestions", "/editor/suggestions"),
        (Role.ADMIN, "/editor/suggestions/../..//evil.example", "/desk"),
    ],
)
async def test_who_decides_about_suggestions_is_led_to_them(client, role, next, location):
    token = client.app[ACCOUNTS].invite(EMAIL, "Ed Itor", role, None, None)
    secret, _ = await accept(client, f"/staff/invitation/{token}")
    response = await sign_in(client, code_of(secret, steps=1), next=next)
    assert response.headers["Location"] == location


# the key


async def test_the_key_is_out_of_reach_of_scripts_and_other_sites_and_ends_with_the_browser(client, link):
    secret, _ = await accept(client, link)
    cookie = cookie_of(await sign_in(client, code_of(secret, steps=1)))
    assert (cookie.key, cookie["httponly"], cookie["samesite"], cookie["path"]) == ("staff", True, "Lax", "/")
    assert (cookie["max-age"], cookie["expires"], cookie["domain"]) == ("", "", "")
    assert len(cookie.value) > 40


async def test_each_sign_in_has_its_own_key_and_ends_no_other(client, link):
    secret, codes = await accept(client, link)
    keys = [cookie_of(await sign_in(client, code)).value for code in (code_of(secret, steps=1), codes[0])]
    assert keys[0] != keys[1]
    assert [client.app[SESSIONS].still(key).name for key in keys] == ["Sam Lee"] * 2


async def test_without_a_proxy_that_is_trusted_nobody_makes_a_cookie_look_secure(client, link):
    secret, _ = await accept(client, link)
    cookie = cookie_of(await sign_in(client, code_of(secret, steps=1), {**OWN, **SECURE}))
    assert (cookie.key, cookie["secure"]) == ("staff", "")


class TestBehindAProxy:
    @pytest.fixture
    def trust_proxy(self) -> bool:
        return True

    async def test_over_https_the_key_is_for_this_host_and_https_alone(self, client, link):
        secret, codes = await accept(client, link)
        cookie = cookie_of(await sign_in(client, code_of(secret, steps=1), {**OWN, **SECURE}))
        assert (cookie.key, cookie["secure"], cookie["httponly"], cookie["samesite"]) == ("__Host-staff", True, True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
        key = {"Cookie": f"__Host-staff={cookie.value}"}
        assert (await client.get("/staff", headers={**SECURE, **key})).status == 200
        plain = {"Cookie": f"staff={cookie.value}"}
        assert (await client.get("/staff", headers={**SECURE, **plain})).status == 401
        response = await client.post("/staff/sign-out", headers={**OWN, **SECURE, **key}, allow_redirects=False)
        gone = cookie_of(response)
        assert (gone.key, gone.value, gone["max-age"], gone["secure"]) == ("__Host-staff", "", "0", True)

    async def test_over_http_it_is_a_plain_one(self, client, link):
        secret, _ = await accept(client, link)
        assert cookie_of(await sign_in(client, code_of(secret, steps=1))).key == "staff"

    async def test_the_link_of_an_invitation_is_as_people_reach_us(self, client):
        admin = hire(client, "Ada Min", Role.ADMIN)
        form = {"name": "Sam Lee", "email": EMAIL, "role": "duty", "authority": CITY}
        headers = {**OWN, **SECURE, "Cookie": f"__Host-staff={admin.token}", "Host": "offer.example"}
        page = await (await client.post("/staff/people", data=form, headers=headers)).text()
        assert 'value="https://offer.example/staff/invitation/' in page


# one's own account


async def test_a_new_password_needs_the_old_one_and_signs_out_everywhere_else(client):
    sam = hire(client, "Sam Lee")
    other = client.app[SESSIONS].begin(sam.member.id)
    new = "nine purple lanterns"
    for form in (
        {"old": "wrong", "password": new, "again": new},
        {"old": PASSWORD, "password": new, "again": "nine"},
        {"old": PASSWORD, "password": "short", "again": "short"},
    ):
        response = await sam.post("/staff/password", **form)
        assert (response.status, alert(await response.text()).endswith(".")) == (422, True)
    assert client.app[SESSIONS].still(other)
    response = await sam.post("/staff/password", old=PASSWORD, password=new, again=new)
    assert "Your password is changed." in await response.text()
    assert client.app[SESSIONS].still(other) is None
    assert (await sam.get("/staff")).status == 200


async def test_somebody_can_sign_out_everywhere(client):
    sam = hire(client, "Sam Lee")
    other = client.app[SESSIONS].begin(sam.member.id)
    assert (await sam.post("/staff/sign-out-everywhere")).url.path == "/staff/sign-in"
    assert [client.app[SESSIONS].still(each) for each in (other, sam.token)] == [None, None]


async def test_who_is_away_says_so_and_is_back_when_they_say_that(client):
    sam = hire(client, "Sam Lee")
    assert "You are set as <strong>away</strong>" in await (await sam.post("/staff/away", away="yes")).text()
    assert client.app[ACCOUNTS].member(sam.member.id).is_away
    assert "You are set as <strong>there</strong>" in await (await sam.post("/staff/away", away="no")).text()


# administrators


async def test_an_administrator_invites_somebody_whose_link_opens_an_account_once(client):
    admin = hire(client, "Ada Min", Role.ADMIN)
    response = await admin.post("/staff/people", name="Sam <b>Lee", email=EMAIL, role="duty", authority=CITY)
    page = await response.text()
    assert "Send this link to Sam &lt;b&gt;Lee." in page
    link = re.search(r'value="http://[^/"]+(/staff/invitation/[\w-]+)"', page)[1]
    await accept(client, link)
    assert link not in await admin.page("/staff/people")
    assert client.app[ACCOUNTS].with_email(EMAIL).authority == CITY
    assert (await client.get(link)).status == 404


@pytest.mark.parametrize(
    "form",
    [
        {"role": "duty", "authority": ""},
        {"role": "duty", "authority": "atlantis"},
        {"role": "editor", "authority": "atlantis"},
        {"role": "queen"},
        {"name": " "},
        {"email": "no address"},
        {"role": "admin", "authority": CITY},
    ],
)
async def test_an_invitation_that_is_not_right_is_refused_with_a_sentence(client, form):
    admin = hire(client, "Ada Min", Role.ADMIN)
    given = {"name": "Sam Lee", "email": EMAIL, "role": "duty", "authority": CITY, **form}
    response = await admin.post("/staff/people", **given)
    page = await response.text()
    assert (response.status, "/staff/invitation/" in page) == (422, False)
    assert client.app[AUDIT].search(what="invited", member=admin.member.id) == []


async def test_an_administrator_switches_accounts_off_and_on_and_ends_sessions(client):
    admin, sam = hire(client, "Ada Min", Role.ADMIN), hire(client, "Sam Lee")
    people = f"/staff/people/{sam.member.id}"
    page = await admin.page("/staff/people")
    assert re.findall(r'action="/staff/people/(\d+)/off"', page) == [str(sam.member.id)]
    await admin.post(f"{people}/off")
    assert (await sam.get("/desk")).url.path == "/staff/sign-in"
    assert f'action="{people}/on"' in await admin.page("/staff/people")
    await admin.post(f"{people}/on")
    token = client.app[SESSIONS].begin(sam.member.id)
    await admin.post(f"{people}/end-sessions")
    assert client.app[SESSIONS].still(token) is None
    for id in (admin.member.id, 999_999):
        response = await admin.post(f"/staff/people/{id}/off")
        assert (response.status, alert(await response.text()).endswith(".")) == (422, True)
    assert (await admin.get("/staff/people")).status == 200


async def test_the_audit_is_searched_by_who_what_and_when(client, engine):
    admin, sam = hire(client, "Ada Min", Role.ADMIN), hire(client, "Sam Lee")
    reference = await (await arrive(client, engine)).asks()
    await sam.post(f"/desk/cases/{reference}/take")
    page = await admin.page(f"/staff/audit?subject={reference}")
    assert re.findall(r"<td>(case [\w ]+)</td>", page) == ["case saw", "case taken"]
    assert "<td>Sam Lee</td>" in page
    assert "a person please" not in page
    today = client.app[AUDIT].search(subject=reference)[0].at.date().isoformat()
    for query, count in (
        (f"member={sam.member.id}&what=case+taken", 1),
        (f"member={admin.member.id}&what=case+taken", 0),
        (f"what=case+taken&day={today}", 1),
        ("what=case+taken&day=2020-01-01", 0),
        (f"subject=+{reference}+&what=case+taken", 1),
    ):
        assert (await admin.page(f"/staff/audit?{query}")).count("<td>case taken</td>") == count, query


async def test_earlier_pages_of_the_audit_are_found_with_the_same_search(client):
    admin = hire(client, "Ada Min", Role.ADMIN)
    for _ in range(103):
        await admin.get("/desk/export.csv")
    page = await admin.page("/staff/audit?what=cases+exported")
    assert page.count("<td>cases exported</td>") == 100
    earlier = unescape(re.search(r'<a href="(\?[^"]+)">Earlier', page)[1])
    page = await admin.page(f"/staff/audit{earlier}")
    assert page.count("<td>cases exported</td>") == 3
    assert "Earlier" not in page


@pytest.mark.parametrize(
    "query",
    [
        "member=x",
        "member=" + "9" * 30,
        "before=" + "9" * 30,
        "before=-1",
        "day=tomorrow",
        "subject=%00",
        "what=%00",
        "member=%D9%A3",
    ],
)
async def test_a_search_that_makes_no_sense_finds_a_page_all_the_same(client, query):
    assert "<h1>Audit</h1>" in await hire(client, "Ada Min", Role.ADMIN).page(f"/staff/audit?{query}")


async def test_a_page_of_the_desk_is_html_and_leads_back_after_signing_in(client, link):
    secret, _ = await accept(client, link)
    page = await (await client.get("/desk?view=mine", headers=HTML)).text()
    next = unescape(re.search(r'name="next" value="([^"]*)"', page)[1])
    response = await sign_in(client, code_of(secret, steps=1), next=next)
    assert response.headers["Location"] == "/desk?view=mine"
