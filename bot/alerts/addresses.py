"""Which webhooks an alert may go to."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.alerts.model import AddressRefused

LONGEST = 500
"""Characters that the outbox keeps of an address."""


def checked_webhook(url: str) -> str:
    """The address, when it is https, or http to this machine. Raises AddressRefused, without the address: it is a secret."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or len(url) > LONGEST:
        raise AddressRefused(
            f"A webhook should be an address of at most {LONGEST} characters, such as https://example.org/1."
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(host)):
        raise AddressRefused("A webhook's address should begin with https://.")
    return url


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
