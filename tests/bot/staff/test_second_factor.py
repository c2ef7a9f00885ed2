"""A code of the app holds for its time step, a step early or late, once; recovery codes are long and easily typed."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from bot.staff.second_factor import (
    new_recovery_codes,
    new_secret,
    qr_code_of,
    recovery_digest_of,
    step_of,
    uri_of,
)

SECRET = base64.b32encode(b"12345678901234567890").decode()
AT = datetime.fromtimestamp(1_111_111_109, timezone.utc)
CODE, STEP = "081804", 1_111_111_109 // 30


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1_111_111_109, CODE), (1_111_111_111, "050471"), (1_234_567_890, "005924"), (2_000_000_000, "279037")],
)
def test_codes_are_those_of_rfc_6238(seconds, code):
    assert step_of(SECRET, code, datetime.fromtimestamp(seconds, timezone.utc), after=0) == seconds // 30


@pytest.mark.parametrize(("late", "step"), [(-60, None), (-30, STEP), (0, STEP), (30, STEP), (60, None)])
def test_a_clock_may_be_one_step_early_or_late(late, step):
    assert step_of(SECRET, CODE, AT + timedelta(seconds=late), after=0) == step


def test_a_step_is_taken_once_and_none_before_it_afterwards():
    assert step_of(SECRET, CODE, AT, after=STEP - 1) == STEP
    assert step_of(SECRET, CODE, AT, after=STEP) is None
    assert step_of(SECRET, CODE, AT, after=STEP + 1) is None


def test_a_code_may_be_typed_as_the_app_shows_it():
    assert step_of(SECRET, " 081 804\n", AT, after=0) == STEP


@pytest.mark.parametrize("code", ["", "81804", "0818040", "081805", "٠٨١٨٠٤", "\ud83e", "08180\x00", "x" * 100_000])
def test_nothing_else_is_a_code(code):
    assert step_of(SECRET, code, AT, after=0) is None


def test_secrets_are_of_160_bits_and_never_the_same():
    made = {new_secret() for _ in range(20)}
    assert len(made) == 20
    assert {len(base64.b32decode(each)) for each in made} == {20}


def test_the_address_names_the_service_and_the_account():
    uri = urlsplit(uri_of(SECRET, "sam@council.example"))
    asked = parse_qs(uri.query)
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", "/Local Offer:sam@council.example")
    assert (asked["secret"], asked["issuer"]) == ([SECRET], ["Local Offer"])


def test_the_qr_code_is_a_picture_within_the_page_that_asks_nobody():
    picture = unquote(qr_code_of(uri_of(SECRET, "sam@council.example")))
    assert picture.startswith("data:image/svg+xml")
    assert re.findall(r"https?://[^'\"]+", picture) == ["http://www.w3.org/2000/svg"]
    assert picture != unquote(qr_code_of(uri_of(new_secret(), "sam@council.example")))


def test_there_are_ten_recovery_codes_of_80_bits_in_readable_groups():
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"(?:[A-Z2-7]{4}-){3}[A-Z2-7]{4}", code) for code in codes)
    assert {len(base64.b32decode(code.replace("-", ""))) for code in codes} == {10}


@pytest.mark.parametrize(
    "typed", ["abcd oibx 2345 zzzz", " ABCDOIBX2345ZZZZ ", "ABCD-018X-2345-ZZZZ", "abcd_oibx–2345—zzzz"]
)
def test_a_recovery_code_is_the_same_however_it_is_typed(typed):
    assert recovery_digest_of(typed) == recovery_digest_of("ABCD-OIBX-2345-ZZZZ")


@pytest.mark.parametrize("typed", ["", "ABCD-OIBX-2345-ZZZY", "ABCD-OIBX-2345", "\ud83e"])
def test_another_recovery_code_is_another(typed):
    assert recovery_digest_of(typed) != recovery_digest_of("ABCD-OIBX-2345-ZZZZ")
