"""Alerts by e-mail, through one SMTP server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import partial
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from bot.alerts.model import AddressRefused, Alert, Undelivered

SECONDS = 10.0
"""How long a delivery may take, all of it."""
QUIT_SECONDS = 1.0
LOGIN_WANTED = 530
"""The answer to a letter from somebody who has not signed in, or has not turned on TLS."""


class Way(NamedTuple):
    port: int
    use_tls: bool
    start_tls: bool


WAYS: Mapping[str, Way] = MappingProxyType(
    {"smtp": Way(25, False, False), "smtps": Way(465, True, False), "smtp+starttls": Way(587, False, True)}
)


class Mail:
    """One mail server and one sender. Each alert goes over a connection of its own."""

    def __init__(self, url: str, sender: str, timeout: float = SECONDS) -> None:
        """`url` such as smtp+starttls://user:password@mail.example.org:587; smtps:// is TLS from the start, smtp:// none.

        Raises AddressRefused.
        """
        parts = _server(url)
        way = WAYS[parts.scheme]
        self._sender, self._envelope_sender = sender, parseaddr(sender)[1]
        if not all(self._envelope_sender.partition("@")):
            raise AddressRefused("The sender of alerts should be an e-mail address.")
        self._timeout = timeout
        self._client = partial(
            SMTP,
            hostname=parts.hostname,
            port=parts.port or way.port,
            use_tls=way.use_tls,
            start_tls=way.start_tls,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            timeout=timeout,
        )

    async def send(self, alert: Alert, subject: str, text: str) -> None:
        """Hand it to the server; when this returns, the server has taken it. Raises Undelivered."""
        letter = self._letter(alert, subject, text)
        client = self._client()
        try:
            await asyncio.wait_for(self._hand_over(client, alert, letter), self._timeout)
            # It is taken: what goes wrong from here on must not have it sent again.
            with suppress(SMTPException, OSError, asyncio.TimeoutError):
                await asyncio.wait_for(client.quit(), QUIT_SECONDS)
        except SMTPRecipientsRefused as error:
            raise _undelivered(error.recipients[0]) from error
        except SMTPResponseException as error:
            raise _undelivered(error) from error
        except asyncio.TimeoutError as error:
            raise Undelivered("The mail server did not answer in time.", is_final=False) from error
        except (SMTPException, OSError) as error:
            raise Undelivered(f"The mail server cannot be used: {type(error).__name__}.", is_final=False) from error
        finally:
            client.close()

    async def _hand_over(self, client: SMTP, alert: Alert, letter: EmailMessage) -> None:
        await client.connect()
        await client.send_message(letter, sender=self._envelope_sender, recipients=[alert.address])

    def _letter(self, alert: Alert, subject: str, text: str) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = self._sender, alert.address, subject
        # The date and the id are the alert's, not the attempt's: a mail server knows a repeated letter by them.
        letter["Date"] = format_datetime(alert.made_at)
        letter["Message-ID"] = f"<{alert.key}@{self._envelope_sender.partition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(text)
        return letter


def _server(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in WAYS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise AddressRefused(
            "The mail server should be an address such as smtp+starttls://user:password@mail.example.org:587."
        )
    return parts


def _undelivered(error: SMTPResponseException) -> Undelivered:
    """A letter that is refused for good will be so again; that we may not come in is ours to mend while it is kept."""
    is_about_the_letter = isinstance(error, SMTPSenderRefused | SMTPRecipientRefused | SMTPDataError)
    is_final = is_about_the_letter and 500 <= error.code < 600 and error.code != LOGIN_WANTED
    return Undelivered(f"The mail server answered {error.code}.", is_final=is_final)
