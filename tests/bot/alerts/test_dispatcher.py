"""What is in the outbox reaches a real mail server and a real webhook, once, whatever fails on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.alerts.dispatcher import MOST_AT_ONCE, Dispatcher
from bot.alerts.model import Alert, Medium
from bot.alerts.outbox import LEASE, Outbox
from bot.alerts.smtp import Mail
from bot.alerts.webhook import Webhook
from bot.alerts.words import Words
from bot.conversations.tables import conversations, escalation_contacts, messages
from tests.bot.alerts.channel import Channel
from tests.bot.alerts.people import ANNA, MORNING, WORDS, a_case, put, until

SENDER = "desk@offer.example.org"
SETTLES = 0.06
"""Seconds in which a dispatcher looks into its outbox several times."""


@asynccontextmanager
async def dispatching(
    outbox: Outbox, server=None, *, words: Words = WORDS, timeout: float = 1.0, poll_seconds: float = 0.02
) -> AsyncIterator[Dispatcher]:
    webhook = Webhook(timeout)
    mail = Mail(server.url, SENDER, timeout) if server else None
    dispatcher = Dispatcher(outbox, mail, webhook, words, poll_seconds=poll_seconds)
    running = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await webhook.close()


@pytest.fixture
async def channel():
    return Channel()


@pytest.fixture
async def hook(channel, aiohttp_server):
    return (Medium.WEBHOOK, str((await aiohttp_server(channel.app())).make_url("/secret")))


@pytest.fixture
def case(database) -> int:
    return a_case(database, reference="KC7XQ2")


@pytest.fixture
def alert(outbox, case) -> Callable[[], Alert]:
    """The case's only alert, as it stands."""

    def now() -> Alert:
        [found] = outbox.of([case])
        return found

    return now


async def test_letters_and_posts_are_delivered_and_noted(database, outbox, case, mail_server, channel, hook, clock):
    put(database, outbox, case, ANNA, hook)
    async with dispatching(outbox, mail_server):
        await until(lambda: all(each.sent_at for each in outbox.of([case])))
    assert [letter["To"] for letter in mail_server.letters] == [ANNA[1]]
    assert [post["reference"] for post in channel.posted] == ["KC7XQ2"]
    assert [each.sent_at for each in outbox.of([case])] == [MORNING, MORNING]
    assert outbox.troubled() == 0


async def test_what_is_put_later_goes_out_when_it_wakes(database, outbox, case, channel, hook):
    async with dispatching(outbox, poll_seconds=60) as dispatcher:
        await asyncio.sleep(SETTLES)
        put(database, outbox, case, hook)
        dispatcher.wake()
        await until(lambda: len(channel.posted) == 1)


async def test_a_mail_server_that_is_away_for_ten_minutes_gets_the_letter_once(
    database, outbox, case, alert, mail_server, clock
):
    def attempt_has_ended() -> bool:
        return alert().next_at > clock.now and alert().next_at != clock.now + LEASE

    mail_server.stop()
    put(database, outbox, case, ANNA)
    async with dispatching(outbox, mail_server):
        await until(attempt_has_ended)
        while clock.now < MORNING + timedelta(minutes=10):
            clock.now = alert().next_at
            await until(attempt_has_ended)
        assert outbox.troubled() == 1
        assert 8 <= alert().attempts <= 9
        mail_server.start()
        clock.now = alert().next_at
        await until(lambda: alert().sent_at is not None)
        clock.turn(hours=1)
        await asyncio.sleep(SETTLES)
    assert (len(mail_server.letters), alert().error, outbox.troubled()) == (1, None, 0)


async def test_what_is_refused_for_good_is_tried_once_and_counted(database, outbox, case, alert, mail_server, clock, caplog):
    mail_server.to_recipient = "550 No such user as anna"
    put(database, outbox, case, ANNA)
    async with dispatching(outbox, mail_server):
        await until(lambda: alert().failed_at is not None)
        clock.turn(hours=1)
        await asyncio.sleep(SETTLES)
    assert (alert().attempts, alert().error, outbox.troubled()) == (1, "The mail server answered 550.", 1)
    assert f"Alert {alert().id} of escalation {case}" in caplog.text
    assert "anna" not in caplog.text


@pytest.mark.parametrize("answer", [500, 429, 307])
async def test_what_is_refused_for_now_is_sent_after_a_pause(database, outbox, case, alert, channel, hook, clock, answer):
    channel.answers = [answer]
    put(database, outbox, case, hook)
    async with dispatching(outbox):
        await until(lambda: alert().error is not None)
        assert alert().sent_at is None
        clock.turn(seconds=5)
        await until(lambda: alert().sent_at is not None)
    assert (alert().attempts, len(channel.posted), set(channel.keys)) == (2, 2, {f"alert-{alert().id}-KC7XQ2"})


async def test_a_server_that_is_slow_beyond_the_timeout_is_asked_again(database, outbox, case, alert, mail_server):
    mail_server.slowness = 5
    put(database, outbox, case, ANNA)
    async with dispatching(outbox, mail_server, timeout=0.1):
        await until(lambda: alert().error is not None)
    assert (alert().sent_at, alert().failed_at, alert().error) == (None, None, "The mail server did not answer in time.")


async def test_at_most_four_are_sent_at_once_and_all_in_the_end(database, outbox, case, channel, hook):
    channel.slowness = 0.05
    put(database, outbox, case, *((Medium.WEBHOOK, f"{hook[1]}/{number}") for number in range(10)))
    async with dispatching(outbox):
        await until(lambda: all(each.sent_at for each in outbox.of([case])))
    assert (channel.most_at_once, len(channel.posted)) == (MOST_AT_ONCE, 10)


async def test_two_dispatchers_of_one_outbox_send_nothing_twice(database, outbox, clock, case, channel, hook):
    put(database, outbox, case, *((Medium.WEBHOOK, f"{hook[1]}/{number}") for number in range(10)))
    async with dispatching(outbox), dispatching(Outbox(database, clock)):
        await until(lambda: all(each.sent_at for each in outbox.of([case])))
    assert len(channel.keys) == len(set(channel.keys)) == 10


async def test_an_alert_whose_lease_ends_while_it_is_sent_is_not_sent_beside_itself(
    database, outbox, case, alert, mail_server, clock
):
    mail_server.slowness = 0.3
    put(database, outbox, case, ANNA)
    async with dispatching(outbox, mail_server):
        await until(lambda: len(mail_server.letters) == 1)
        clock.turn(seconds=LEASE.total_seconds())
        await until(lambda: alert().attempts == 2)
        await until(lambda: alert().sent_at is not None)
    assert len(mail_server.letters) == 1


async def test_a_dispatcher_that_is_stopped_ends_what_it_has_begun(database, outbox, case, alert, mail_server, clock):
    mail_server.slowness = 0.2
    put(database, outbox, case, ANNA)
    async with dispatching(outbox, mail_server):
        await until(lambda: len(mail_server.letters) == 1)
    assert alert().sent_at is not None
    clock.turn(hours=1)
    async with dispatching(outbox, mail_server):
        await asyncio.sleep(SETTLES)
    assert len(mail_server.letters) == 1


async def test_a_dispatcher_that_is_woken_and_stopped_at_once_stops(outbox):
    dispatcher = Dispatcher(outbox, None, Webhook(), WORDS, poll_seconds=60)
    running = asyncio.create_task(dispatcher.run())
    await asyncio.sleep(SETTLES)
    dispatcher.wake()
    running.cancel()
    await asyncio.wait({running}, timeout=1)
    assert running.cancelled()


async def test_a_crash_before_the_letter_was_noted_repeats_it_once_with_the_same_id(
    database, outbox, case, alert, mail_server, clock
):
    put(database, outbox, case, ANNA)
    [taken] = outbox.due()
    await Mail(mail_server.url, SENDER).send(taken, WORDS.subject(taken), WORDS.text(taken))
    async with dispatching(outbox, mail_server):
        await asyncio.sleep(SETTLES)
        assert len(mail_server.letters) == 1
        clock.turn(seconds=LEASE.total_seconds())
        await until(lambda: alert().sent_at is not None)
        clock.turn(hours=1)
        await asyncio.sleep(SETTLES)
    first, again = mail_server.letters
    assert first["Message-ID"] == again["Message-ID"]


async def test_a_database_that_is_away_after_the_letter_was_taken_does_not_send_it_again(
    database, outbox, case, alert, mail_server, clock, caplog
):
    put(database, outbox, case, ANNA)
    mail_server.slowness = 0.2
    async with dispatching(outbox, mail_server):
        await until(lambda: len(mail_server.letters) == 1)
        with database.write() as connection:
            connection.execute(sa.text("ALTER TABLE alerts RENAME TO alerts_away"))
        await until(lambda: "cannot be noted yet" in caplog.text and "cannot be read" in caplog.text)
        clock.turn(hours=1)
        with database.write() as connection:
            connection.execute(sa.text("ALTER TABLE alerts_away RENAME TO alerts"))
        await until(lambda: alert().sent_at is not None)
        await asyncio.sleep(SETTLES)
    assert len(mail_server.letters) == 1


async def test_without_a_mail_server_letters_wait_and_are_counted_as_late(database, outbox, case, alert, clock):
    put(database, outbox, case, ANNA)
    async with dispatching(outbox):
        await until(lambda: alert().error is not None)
    clock.turn(minutes=3)
    assert (alert().failed_at, outbox.troubled()) == (None, 1)


async def test_an_alert_that_cannot_be_made_holds_up_no_other(database, outbox, case, channel, hook, caplog):
    broken = a_case(database, authority="secret-council")
    put(database, outbox, broken, hook)
    put(database, outbox, case, hook)
    words = Words("https://offer.example.org", {"nottingham-city": "Nottingham City Council"}.__getitem__)
    async with dispatching(outbox, words=words):
        await until(lambda: outbox.of([broken])[0].error is not None)
        await until(lambda: outbox.of([case])[0].sent_at is not None)
    assert outbox.of([broken])[0].error == "It could not be sent: KeyError."
    assert f"of escalation {broken} failed: KeyError." in caplog.text
    assert "secret" not in caplog.text


async def test_nothing_that_anybody_wrote_or_is_reached_by_leaves_with_an_alert(
    database, outbox, mail_server, channel, hook
):
    secrets = ("i want to die", "Kayleigh", "07700 900123", "kay@example.com", "after tea", "suicide", "c0ffee")
    words, name, phone, email, good_time, reason, conversation = secrets
    with database.write() as connection:
        connection.execute(
            sa.insert(conversations).values(
                id=conversation,
                token_digest="",
                channel="web",
                language="en",
                holder="waiting",
                started_at=MORNING,
                last_at=MORNING,
            )
        )
        connection.execute(
            sa.insert(messages).values(
                conversation_id=conversation, author="person", kind="said", text=words, details={}, at=MORNING
            )
        )
    case = a_case(database, conversation_id=conversation, reason=reason)
    with database.write() as connection:
        connection.execute(
            sa.insert(escalation_contacts).values(
                escalation_id=case, conversation_id=conversation, about=name, phone=phone, email=email, good_time=good_time
            )
        )
    put(database, outbox, case, ANNA, hook)
    async with dispatching(outbox, mail_server):
        await until(lambda: all(each.sent_at for each in outbox.of([case])))
    [letter] = mail_server.letters
    told = f"{letter.as_string()} {channel.posted}"
    assert outbox.of([case])[0].reference in told
    assert [secret for secret in secrets if secret in told] == []
