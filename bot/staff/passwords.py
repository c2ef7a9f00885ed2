"""Passwords: which may be chosen, how they are kept, and the same work whether or not there is one to compare with."""

from __future__ import annotations

import re
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from bot.staff.model import PasswordRefused

SHORTEST, LONGEST = 12, 128
FEWEST_DIFFERENT = 5
"""So many different characters a password has at least: `samsamsamsam` is a short password said four times."""
SHORTEST_NAME = 4
"""A shorter e-mail name stands by chance in many a good password."""
COMMON = frozenset(
    """
    1234567890 12345678910 123456789012 1234567890123 1234567891011 123456789101112 0123456789012 098765432112 123456654321
    123456789abc 123456789qwerty 1234567890qwertyuiop 123456qwerty 12345qwert12345 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4t5y6
    1qaz2wsx3edc 1qaz2wsx3edc4rfv zaq12wsxcde3 qazwsxedcrfv qwerty123 qwerty12345 qwerty123456 qwerty1234567 qwertyuiop
    qwertyuiop1 qwertyuiop12 qwertyuiop123 qwertyuiopasdf qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm asdfghjkl
    asdfghjkl123 abcdefghijkl abcdefghijklm abcdefghijklmnop abcdefghijklmnopqrstuvwxyz abcd12345678 abc123456789 password
    password1 password12 password123 password1234 password12345 password123456 password2025 password2026 password2027
    passwordpassword mypassword mypassword123 p4ssw0rd123 iloveyou iloveyou1 iloveyou123 iloveyouforever letmein
    letmein123 letmeinletmein letmeinplease welcome1 welcome123 welcome12345 welcome123456 changeme changeme123
    changeme1234 changemechangeme administrator administrator1 admin123 admin123456 trustno1trustno1
    correcthorsebatterystaple manchesterunited manchestercity nottinghamforest summer2026summer christmas2026
    socialservices childrensservices leavingcare careleavers personaladviser
    """.split()
)
"""The commonest, and what stands to reason here: letters and digits only, for punctuation makes none of them better."""
_OURS = "localoffer"
_MOST_READ = 8 * LONGEST
"""No password that may be chosen is longer. More is not read: to put 100 000 accents in order takes a minute."""


class Passwords:
    """Keeps and checks passwords with Argon2id, by default with the parameters of OWASP's Password Storage Cheat Sheet.

    https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html: 19 MiB, two iterations, one lane.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._of_nobody = self._hasher.hash(secrets.token_bytes(16))

    def hash(self, password: str) -> str:
        return self._hasher.hash(_encoded(password))

    def check(self, known: str | None, password: str) -> bool:
        """Whether it is the password of this hash. With None, for nobody's account, the same work and never."""
        try:
            self._hasher.verify(known or self._of_nobody, _encoded(password))
        except VerifyMismatchError:
            return False
        return known is not None

    def is_outdated(self, known: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(known)


def refuse_weak(password: str, email: str) -> None:
    """Raises PasswordRefused for a password that may not be chosen, by the rules of NIST SP 800-63B.

    Length counts and every character is welcome; refused is what others try first: the commonest, and the person's own name
    or ours in it, however it is punctuated.
    """
    plain = _normal(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise PasswordRefused(f"A password has {SHORTEST} to {LONGEST} characters. A few words that you remember do well.")
    bare, name = _bare(plain), _bare(email.partition("@")[0])
    if bare in COMMON or len(set(plain.casefold())) < FEWEST_DIFFERENT:
        raise PasswordRefused("This password is among the first that others try. Please choose another one.")
    if _OURS in bare or (len(name) >= SHORTEST_NAME and name in bare):
        raise PasswordRefused(
            "A password should hold neither your e-mail name nor “Local Offer”. Please choose another one."
        )


def _normal(password: str) -> str:
    """The same text for the same keys on every keyboard and system, as NIST SP 800-63B asks for."""
    return unicodedata.normalize("NFKC", password[:_MOST_READ])


def _encoded(password: str) -> bytes:
    # What a client sends may hold half a character, which plain UTF-8 cannot say.
    return _normal(password).encode("utf-8", "surrogatepass")


def _bare(text: str) -> str:
    """Its letters and digits, all small."""
    return re.sub(r"[\W_]+", "", text.casefold())
