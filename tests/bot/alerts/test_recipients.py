"""Who is told is whoever is there to answer: an adviser, a council's team with its channel, its managers."""

from __future__ import annotations

import pytest

from bot.alerts.model import AddressRefused, Medium
from bot.alerts.recipients import StaffRecipients
from tests.bot.alerts.people import CITY, COUNTY, a_member

CITY_CHANNEL, OTHER_CHANNEL = "https://hooks.example.org/city", "https://hooks.example.org/other"


@pytest.fixture
def recipients(database) -> StaffRecipients:
    for email, role, authority, is_active in [
        ("duty@city", "duty", CITY, True),
        ("gone@city", "duty", CITY, False),
        ("pa@city", "pa", CITY, True),
        ("editor@city", "editor", CITY, True),
        ("admin@city", "admin", CITY, True),
        ("duty@county", "duty", COUNTY, True),
        ("gone@county", "admin", COUNTY, False),
        ("admin@all", "admin", None, True),
        ("gone@all", "admin", None, False),
    ]:
        a_member(database, email, role, authority, is_active=is_active)
    return StaffRecipients(database, {CITY: CITY_CHANNEL, None: OTHER_CHANNEL})


def told(addresses) -> list[str]:
    return [address for _, address in addresses]


def test_a_councils_team_is_its_active_duty_members_and_its_channel(recipients):
    assert recipients.team(CITY, None) == [(Medium.EMAIL, "duty@city"), (Medium.WEBHOOK, CITY_CHANNEL)]


def test_a_council_without_a_channel_of_its_own_has_the_one_of_all(recipients, database):
    assert told(recipients.team(COUNTY, None)) == ["duty@county", OTHER_CHANNEL]
    assert told(StaffRecipients(database, {}).team(COUNTY, None)) == ["duty@county"]


def test_where_the_council_is_not_known_all_teams_are_told(recipients, database):
    assert told(recipients.team(None, None)) == ["duty@city", "duty@county", CITY_CHANNEL, OTHER_CHANNEL]
    shared = StaffRecipients(database, {CITY: CITY_CHANNEL, COUNTY: CITY_CHANNEL})
    assert told(shared.team(None, None)) == ["duty@city", "duty@county", CITY_CHANNEL]


def test_a_personal_adviser_is_told_alone(recipients, database):
    adviser = a_member(database, "kim@city", "pa")
    assert recipients.team(CITY, adviser) == [(Medium.EMAIL, "kim@city")]


@pytest.mark.parametrize("absence", [{"is_away": True}, {"is_active": False}])
def test_for_an_adviser_who_is_not_there_the_team_is_told(recipients, database, absence):
    adviser = a_member(database, "kim@city", "pa", **absence)
    assert told(recipients.team(CITY, adviser)) == ["duty@city", CITY_CHANNEL]


def test_managers_are_the_councils_own_else_those_of_no_council(recipients):
    assert told(recipients.managers(CITY)) == ["admin@city"]
    assert told(recipients.managers(COUNTY)) == ["admin@all"]
    assert told(recipients.managers(None)) == ["admin@all"]


def test_where_no_manager_is_of_all_councils_a_case_of_an_unknown_council_goes_to_any(database):
    a_member(database, "admin@city", "admin", CITY)
    recipients = StaffRecipients(database, {})
    assert told(recipients.managers(None)) == ["admin@city"]
    assert recipients.managers(COUNTY) == []


def test_a_webhook_that_is_not_https_is_refused_when_the_program_starts(database):
    with pytest.raises(AddressRefused, match=CITY) as refused:
        StaffRecipients(database, {CITY: "http://hooks.example.org/secret"})
    assert "secret" not in str(refused.value)
