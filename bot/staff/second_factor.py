"""The second factor: codes of an authenticator app, and recovery codes for the day the phone is lost."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from datetime import datetime

import pyotp
import segno

from bot.staff.tokens import digest_of

ISSUER = "Local Offer"
DRIFT = 1
"""How many time steps a phone's clock may be early or late, as RFC 6238 recommends; a step is 30 seconds."""
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10
_GROUP = 4
_MISREAD = str.maketrans("018", "OIB")
"""Base32 has no 0, 1 and 8, so whoever types one read a letter."""


def new_secret() -> str:
    """160 random bits, as RFC 4226 recommends, in base32."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, at: datetime, *, after: int) -> int | None:
    """The time step whose code this is, or None. Steps up to `after` do not count: a code is taken once (RFC 6238, 5.2)."""
    totp = pyotp.TOTP(secret)
    given = "".join(code.split()).encode("utf-8", "replace")
    now = totp.timecode(at)
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), given) and step > after:
            return step
    return None


def uri_of(secret: str, email: str) -> str:
    """The address that sets up an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def qr_code_of(uri: str) -> str:
    """The picture of an address, black on white, as a data URI for an image."""
    return segno.make(uri, error="m", micro=False).svg_data_uri(scale=5, light="white")


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, to print or to write down: `ABCD-EFGH-IJKL-MNOP`."""
    return [_grouped(base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()) for _ in range(RECOVERY_CODES)]


def recovery_digest_of(code: str) -> str:
    """What is kept in place of a recovery code, the same however it is spaced and whatever its case."""
    return digest_of(re.sub(r"[\s\W_]+", "", code).upper().translate(_MISREAD))


def _grouped(text: str) -> str:
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))
