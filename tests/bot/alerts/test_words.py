"""An alert says that a case waits and where it is read, and nothing else."""

from __future__ import annotations

import json

import pytest

from bot.alerts.model import Stage
from tests.bot.alerts.people import COUNTY, WORDS, an_alert


def test_the_letter_holds_these_words_and_no_others():
    alert = an_alert("anna@example.org")
    assert WORDS.subject(alert) == "A new case waits: KC7XQ2 (emergency)"
    assert WORDS.text(alert) == (
        "A new case waits.\n\n"
        "Reference: KC7XQ2\n"
        "Urgency: emergency\n"
        "Council: Nottingham City Council\n"
        "Since: 23 November 2026, 10:00\n\n"
        "https://offer.example.org/desk/cases/KC7XQ2\n\n"
        "Nobody reads answers to this message.\n"
    )


def test_the_webhook_is_posted_these_fields_and_no_others():
    assert WORDS.payload(an_alert("https://hooks.example.org/secret")) == {
        "text": "A new case waits: KC7XQ2, emergency, council: Nottingham City Council, since 23 November 2026, 10:00. "
        "https://offer.example.org/desk/cases/KC7XQ2",
        "reference": "KC7XQ2",
        "urgency": "emergency",
        "stage": "new",
        "council": "Nottingham City Council",
        "since": "2026-11-23T10:00:00Z",
        "link": "https://offer.example.org/desk/cases/KC7XQ2",
    }


def test_each_stage_says_why_in_its_own_words():
    said = {WORDS.subject(an_alert("", stage=stage)) for stage in Stage}
    assert len(said) == len(Stage)


@pytest.mark.parametrize(("authority", "council"), [(None, "not known"), (COUNTY, COUNTY)])
def test_a_council_without_a_name_is_told_all_the_same(authority, council):
    assert WORDS.payload(an_alert("", authority=authority))["council"] == council
    assert f"Council: {council}\n" in WORDS.text(an_alert("", authority=authority))


def test_the_time_is_english_time_in_summer():
    alert = an_alert("")
    alert = an_alert("", opened_at=alert.opened_at.replace(month=7))
    assert "23 July 2026, 11:00" in WORDS.text(alert)
    assert json.loads(json.dumps(WORDS.payload(alert)))["since"] == "2026-07-23T10:00:00Z"
