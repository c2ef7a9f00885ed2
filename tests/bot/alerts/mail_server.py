"""A real SMTP server that keeps letters, and answers as a test says."""

from __future__ import annotations

import asyncio
import socket
import ssl
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class MailServer:
    """Listens from `start` to `stop`, on the same port each time. Without answers of a test it takes every letter."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.letters: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.to_recipient = self.to_letter = "250 OK"
        self.hangs_up_at_quit = False
        self.slowness = 0.0
        """Seconds between taking a letter and saying so."""
        self._controller: Controller | None = None

    def start(self, tls: ssl.SSLContext | None = None, *, is_tls_at_once: bool = False, wants_login: bool = False) -> None:
        is_upgraded = tls is not None and not is_tls_at_once
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=tls if is_tls_at_once else None,
            tls_context=tls if is_upgraded else None,
            require_starttls=is_upgraded,
            authenticator=self._log_in,
            auth_required=wants_login,
            auth_require_tls=is_upgraded,
        )
        self._controller.start()

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def __enter__(self) -> MailServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _log_in(self, server, session, envelope, mechanism, given) -> AuthResult:
        self.logins.append((given.login, given.password))
        return AuthResult(success=given.password == b"p@ss:word", handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_QUIT(self, server, session, envelope) -> str:
        if self.hangs_up_at_quit:
            server.transport.abort()
        return "221 Bye"

    async def handle_DATA(self, server, session, envelope) -> str:
        if self.to_letter.startswith("2"):
            self.letters.append(message_from_bytes(envelope.content, policy=default))
        await asyncio.sleep(self.slowness)
        return self.to_letter
