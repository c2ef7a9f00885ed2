"""A letter goes to a real SMTP server: taken, refused for good or for now, and never waited for too long."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.alerts.model import AddressRefused, Undelivered
from bot.alerts.smtp import Mail
from tests.bot.alerts.mail_server import MailServer
from tests.bot.alerts.people import an_alert

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
ANNA = an_alert("anna@example.org")
SENDER = "Duty Desk <desk@offer.example.org>"


def mail_to(server: MailServer, timeout: float = 5, *, scheme: str = "smtp", login: str = "") -> Mail:
    return Mail(f"{scheme}://{login}127.0.0.1:{server.port}", SENDER, timeout)


async def refusal(mail: Mail) -> Undelivered:
    with pytest.raises(Undelivered) as refused:
        await mail.send(ANNA, "A subject", "A text.\n")
    assert "anna" not in str(refused.value)
    return refused.value


async def test_a_letter_is_delivered_and_says_that_a_machine_wrote_it(mail_server):
    await mail_to(mail_server).send(ANNA, "A case waits", "Council: Cyngor Môn\n")
    [letter] = mail_server.letters
    assert (letter["To"], letter["From"], letter["Subject"]) == ("anna@example.org", SENDER, "A case waits")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime == ANNA.made_at
    assert letter.get_content() == "Council: Cyngor Môn\r\n"
    assert mail_server.logins == []


async def test_a_letter_sent_again_is_known_by_its_id(mail_server):
    for alert in (ANNA, ANNA, an_alert("anna@example.org", id=13), an_alert("anna@example.org", reference="KC7XQ3")):
        await mail_to(mail_server).send(alert, "A subject", "A text.\n")
    first, again, *others = (letter["Message-ID"] for letter in mail_server.letters)
    assert first == again == "<alert-12-KC7XQ2@offer.example.org>"
    assert len({first, *others}) == 3


@pytest.mark.parametrize(
    ("step", "answer", "is_final"),
    [
        ("to_recipient", "550 No such user as anna", True),
        ("to_recipient", "450 Try again", False),
        ("to_recipient", "421 Too busy", False),
        ("to_letter", "554 No", True),
        ("to_letter", "451 Not now", False),
    ],
)
async def test_what_is_refused_with_a_number_in_the_five_hundreds_is_refused_for_good(mail_server, step, answer, is_final):
    setattr(mail_server, step, answer)
    refused = await refusal(mail_to(mail_server))
    assert (refused.is_final, str(refused)) == (is_final, f"The mail server answered {answer[:3]}.")
    assert mail_server.letters == []


async def test_a_server_that_is_slow_or_away_is_worth_another_try(mail_server):
    mail_server.slowness = 5
    assert not (await refusal(mail_to(mail_server, 0.2))).is_final
    mail_server.stop()
    assert not (await refusal(mail_to(mail_server))).is_final


async def test_a_server_that_hangs_up_after_it_took_the_letter_has_taken_it(mail_server):
    mail_server.hangs_up_at_quit = True
    await mail_to(mail_server).send(ANNA, "A subject", "A text.\n")
    assert len(mail_server.letters) == 1


async def test_user_and_password_come_from_the_url():
    server = MailServer()
    server.start(wants_login=True)
    await mail_to(server, login="desk%40offer:p%40ss%3Aword@").send(ANNA, "A subject", "A text.\n")
    server.stop()
    assert (server.logins, len(server.letters)) == ([(b"desk@offer", b"p@ss:word")], 1)


@pytest.mark.parametrize("login", ["", "desk:wrong@"])
async def test_that_the_server_wants_another_login_is_ours_to_mend_and_no_refusal_of_the_letter(login):
    server = MailServer()
    server.start(wants_login=True)
    refused = await refusal(mail_to(server, login=login))
    server.stop()
    assert not refused.is_final
    assert "wrong" not in str(refused)


async def test_with_starttls_nothing_is_said_to_a_server_that_has_none_or_is_not_trusted(tmp_path, mail_server):
    assert not (await refusal(mail_to(mail_server, scheme="smtp+starttls", login="desk:p%40ss%3Aword@"))).is_final
    stranger = MailServer()
    stranger.start(own_certificate(tmp_path / "server.pem"))
    assert not (await refusal(mail_to(stranger, scheme="smtp+starttls", login="desk:p%40ss%3Aword@"))).is_final
    stranger.stop()
    assert [*mail_server.logins, *stranger.logins, *mail_server.letters, *stranger.letters] == []


@pytest.mark.parametrize(("scheme", "is_tls_at_once"), [("smtp+starttls", False), ("smtps", True)])
async def test_a_letter_goes_over_tls_to_a_server_that_is_trusted(tmp_path, monkeypatch, scheme, is_tls_at_once):
    server = MailServer()
    server.start(own_certificate(tmp_path / "server.pem"), is_tls_at_once=is_tls_at_once)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    await mail_to(server, scheme=scheme, login="desk:p%40ss%3Aword@").send(ANNA, "A subject", "A text.\n")
    server.stop()
    assert (len(server.letters), server.logins) == (1, [(b"desk", b"p@ss:word")])


@pytest.mark.parametrize(
    "url", ["", "mail.example.org", "https://mail.example.org", "smtp://", "smtp://host:port", "smtp://[x"]
)
def test_a_mail_server_that_is_no_address_is_refused_when_the_program_starts(url):
    with pytest.raises(AddressRefused, match=r"smtp\+starttls://"):
        Mail(url, SENDER)


@pytest.mark.parametrize("sender", ["", "Duty Desk", "desk@", "@example.org"])
def test_a_sender_that_is_no_address_is_refused_when_the_program_starts(sender):
    with pytest.raises(AddressRefused, match="sender"):
        Mail("smtp://127.0.0.1", sender)


def own_certificate(file: Path) -> ssl.SSLContext:
    """A server's context whose certificate only this file vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
