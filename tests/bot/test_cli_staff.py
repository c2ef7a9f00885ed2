"""The commands on staff invite, list, switch off and on, and say in a sentence what is wrong."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from bot.staff.accounts import Accounts
from bot.staff.model import InvitationRefused, Member, Role
from bot.staff.sessions import Sessions
from content.database import Database
from tests.bot.staff.conftest import PASSWORD
from tests.bot.test_cli import call

JO = ("jo@council.example", "--name", "Jo Bell", "--role", "pa", "--council", "nottingham-city")


@pytest.fixture
def data(tmp_path: Path, loaded_file: Path) -> Path:
    shutil.copy(loaded_file, tmp_path / "local-offer.db")
    return tmp_path


@pytest.fixture
def database(data: Path) -> Iterator[Database]:
    with Database(f"sqlite:///{data / 'local-offer.db'}") as made:
        yield made


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


@pytest.fixture
def jo(accounts: Accounts) -> Member:
    token = accounts.invite("jo@council.example", "Jo Bell", Role.PA, "nottingham-city", None)
    return accounts.accept(token, PASSWORD, pyotp.TOTP(accounts.invitation(token).secret).now())[0]


@pytest.mark.parametrize("command", [(), ("add",), ("list",), ("off",), ("on",), ("end-sessions",)])
def test_every_command_explains_itself(command):
    code, output = call("staff", *command, "--help")
    assert code == 0
    assert len(output.splitlines()) > 5


def test_the_first_help_shows_how_the_first_administrator_is_made(data):
    _, output = call("staff", "--help")
    shown = re.search(r"local-offer (staff add \S+) --name \"Sam Lee\" --role admin", output)
    code, output = call(*shown[1].split(), "--name", "Sam Lee", "--role", "admin", "--data", data)
    assert code == 0
    assert "http://localhost:8080/staff/invitation/" in output


def test_adding_prints_a_link_that_opens_the_account_and_what_to_do_with_it(data, accounts):
    code, output = call("staff", "add", *JO, "--url", "https://offer.council.example/", "--data", data)
    link, advice = output.splitlines()
    assert code == 0
    assert link.startswith("https://offer.council.example/staff/invitation/")
    assert "seven days" in advice
    invitation = accounts.invitation(link.rpartition("/")[2])
    assert (invitation.name, invitation.role, invitation.authority) == ("Jo Bell", Role.PA, "nottingham-city")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*JO[:5], "--council", "atlantis"), "There is no council 'atlantis'. There are: nottingham"),
        ((*JO[:5], "--council", "england"), "There is no council 'england'"),
        (JO[:5], "work for one council"),
        (("jo", *JO[1:]), "@-sign"),
        ((*JO, "--url", "council.example"), "should be an address such as https://"),
    ],
)
def test_what_cannot_be_added_is_a_sentence(data, arguments, sentence):
    code, output = call("staff", "add", *arguments, "--data", data)
    assert code == 1
    assert sentence in output
    assert "Traceback" not in output


def test_a_council_needs_the_content(tmp_path):
    code, output = call("staff", "add", *JO, "--data", tmp_path)
    assert code == 1
    assert "local-offer content load" in output


def test_accounts_are_listed_with_their_state(data, accounts, jo):
    for state, change in (
        ("on", lambda: None),
        ("away", lambda: accounts.set_away(jo.id, True)),
        ("off", lambda: accounts.switch_off(jo.id, None)),
    ):
        change()
        _, output = call("staff", "list", "--data", data)
        assert output.split() == ["jo@council.example", "pa", "nottingham-city", state, "Jo", "Bell"]


def test_somebody_is_switched_off_and_on_again(data, accounts, jo):
    assert call("staff", "off", "Jo@council.example", "--data", data)[0] == 0
    assert not accounts.member(jo.id).is_active
    assert call("staff", "on", "jo@council.example", "--data", data)[0] == 0
    assert accounts.member(jo.id).is_active


def test_sessions_are_ended(data, database, jo):
    sessions = Sessions(database)
    token = sessions.begin(jo.id)
    assert call("staff", "end-sessions", jo.email, "--data", data)[0] == 0
    assert sessions.still(token) is None


@pytest.mark.parametrize("command", ["off", "on", "end-sessions"])
def test_an_address_without_an_account_is_a_sentence(data, command):
    code, output = call("staff", command, "nobody@council.example", "--data", data)
    assert (code, output) == (1, "Error: There is no such account.\n")


def test_a_second_invitation_takes_the_place_of_the_first(data, accounts):
    first, second = (call("staff", "add", *JO, "--data", data)[1].splitlines()[0].rpartition("/")[2] for _ in range(2))
    with pytest.raises(InvitationRefused):
        accounts.invitation(first)
    assert accounts.invitation(second).name == "Jo Bell"
