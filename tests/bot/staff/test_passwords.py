"""A password is long and not a common one; checking takes the same work whether or not there is an account."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher, extract_parameters

from bot.staff.model import PasswordRefused
from bot.staff.passwords import COMMON, LONGEST, SHORTEST, Passwords, refuse_weak
from tests.bot.staff.conftest import PASSWORD

EMAIL = "sam.lee@council.example"


class Watched(PasswordHasher):
    """Notes the parameters of every hash that it compares with."""

    def __init__(self) -> None:
        super().__init__()
        self.compared: list[object] = []

    def verify(self, hash, password):
        self.compared.append(extract_parameters(hash))
        return super().verify(hash, password)


@pytest.mark.parametrize(
    "password",
    [
        "abcdefgh ijk",
        "correct horse and a battery",
        "123456 7890 42",
        "żółta łódź płynie",
        "🦊🐻🐼🦁🐯🐨🐸🐙🦄🐝🐞🦋",
        ("abcdefgh" * 16)[:LONGEST],
    ],
)
def test_length_is_enough_and_every_character_is_welcome(password):
    refuse_weak(password, EMAIL)


@pytest.mark.parametrize("password", ["", "sky and tea", "abcdefghijk"[: SHORTEST - 1], ("abcdefgh" * 17)[: LONGEST + 1]])
def test_a_password_has_12_to_128_characters(password):
    with pytest.raises(PasswordRefused, match="12 to 128 characters"):
        refuse_weak(password, EMAIL)


@pytest.mark.parametrize("password", ["password1234", "PassWord-123!", "correct horse battery staple", "qwertyuiop 123"])
def test_the_commonest_are_refused_however_they_are_punctuated(password):
    with pytest.raises(PasswordRefused, match="others try"):
        refuse_weak(password, EMAIL)


@pytest.mark.parametrize("password", ["aaaaaaaaaaaaaaaa", "samsamsamsam", "1212-1212-1212"])
def test_a_short_password_said_many_times_is_refused(password):
    with pytest.raises(PasswordRefused, match="others try"):
        refuse_weak(password, EMAIL)


@pytest.mark.parametrize(
    "password", ["my name is Sam.Lee", "SAM LEE is at work", "the Local Offer 2026", "L0L-localoffer-x"]
)
def test_neither_ones_own_name_nor_ours_stands_in_it(password):
    with pytest.raises(PasswordRefused, match="e-mail name"):
        refuse_weak(password, EMAIL)


def test_a_very_short_name_forbids_nothing():
    refuse_weak("jogging in the rain", "jo@council.example")


def test_the_list_is_written_as_it_is_looked_up():
    assert [each for each in COMMON if not (each.isalnum() and each == each.casefold())] == []


def test_a_password_is_kept_as_argon2id_with_the_work_that_owasp_asks_for():
    kept = Passwords().hash(PASSWORD)
    parameters = extract_parameters(kept)
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19 * 1024, 2, 1)


def test_only_the_same_password_is_right():
    passwords = Passwords()
    kept = passwords.hash(PASSWORD)
    assert passwords.check(kept, PASSWORD)
    for wrong in ("", PASSWORD.title(), PASSWORD + " ", PASSWORD * 1000, "\ud83e" * 20, "a\x00b"):
        assert not passwords.check(kept, wrong)


def test_no_text_however_odd_takes_long():
    passwords = Passwords()
    began = time.process_time()
    assert not passwords.check(None, "a" + "\u0315\u0300" * 40_000)
    with pytest.raises(PasswordRefused):
        refuse_weak("a" + "\u0315\u0300" * 40_000, EMAIL)
    assert time.process_time() - began < 2


def test_the_same_keys_on_another_system_are_the_same_password():
    passwords = Passwords()
    assert passwords.check(passwords.hash("caf\u00e9 caf\u00e9 caf\u00e9"), "cafe\u0301 cafe\u0301 cafe\u0301")


def test_nobodys_password_is_never_right_and_takes_the_same_work():
    hasher = Watched()
    passwords = Passwords(hasher)
    passwords.check(passwords.hash(PASSWORD), "something else")
    assert not passwords.check(None, PASSWORD)
    of_somebody, of_nobody = hasher.compared
    assert of_nobody == of_somebody


def test_a_hash_of_other_parameters_is_outdated():
    kept = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)).hash(PASSWORD)
    today = Passwords()
    assert today.is_outdated(kept)
    assert not today.is_outdated(today.hash(PASSWORD))
