"""The gate: who is let in, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crm_core.staff import actions, sessions
from crm_core.store.database import Database
from crm_core.words.clock import DAY, HOUR, MINUTE, SECOND
from crm_core.words.errors import Denied, Gone, HubError, Invalid, NotSignedIn, TooMany
from crm_core.words.values import AgentValue, Role
from hub.auth.gate import From, Gate
from hub.auth.passwords import Cost, Passwords
from hub.config import Settings
from tests.peers.clock import VirtualClock

PASSWORD = "correct horse battery"
HOME = From("203.0.113.5", "Firefox")


@pytest.fixture
async def gate(db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Gate]:
    made = Gate(db, Settings(data_dir=tmp_path), clock, Passwords(Cost(passes=1, kibibytes=64)))
    yield made
    made.close()


@pytest.fixture
async def ada(db: Database, gate: Gate) -> AgentValue:
    new = actions.NewAgent(
        name="Ada",
        email="ada@example.com",
        role=Role.ADMINISTRATOR,
        password_hash=await gate.passwords.hash(PASSWORD),
    )
    return await db.write(actions.add_agent, None, new)


@pytest.fixture
async def grace(db: Database) -> AgentValue:
    return await db.write(actions.add_agent, None, actions.NewAgent(name="Grace", email="grace@example.com"))


async def test_the_right_password_opens_a_new_session_each_time(gate: Gate, ada: AgentValue) -> None:
    first, first_secret = await gate.sign_in(" ADA@example.com ", PASSWORD, HOME)
    second, second_secret = await gate.sign_in("ada@example.com", PASSWORD, HOME)

    assert first.actor.agent_id == second.actor.agent_id == ada.id
    assert first_secret != second_secret
    found = await gate.who(first_secret, kind="browser")
    assert found is not None
    assert found.actor == first.actor
    assert found.session.label == "Firefox"


async def test_unknown_people_and_wrong_passwords_are_answered_in_the_same_words(
    gate: Gate, db: Database, ada: AgentValue, grace: AgentValue
) -> None:
    await db.write(actions.disable_agent, None, grace.id)
    sentences = set()
    for email in ("ada@example.com", "nobody@example.com", "grace@example.com", "no address", "", "\ud800@x.y"):
        with pytest.raises(NotSignedIn) as refused:
            await gate.sign_in(email, "not the password", HOME)
        sentences.add(str(refused.value))

    assert len(sentences) == 1


async def test_ten_failures_for_one_address_close_it_for_a_while_from_everywhere(
    gate: Gate, ada: AgentValue, clock: VirtualClock
) -> None:
    for number in range(10):
        with pytest.raises(NotSignedIn):
            await gate.sign_in("ada@example.com", "wrong password", From(f"198.51.100.{number}"))

    with pytest.raises(TooMany) as refused:
        await gate.sign_in("Ada@Example.com", PASSWORD, HOME)
    assert refused.value.facts["retry_after"] == 90

    clock.advance(90 * SECOND)
    _, secret = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    assert await gate.who(secret, kind="browser") is not None


async def test_thirty_failures_from_one_network_close_it_for_every_address(gate: Gate, ada: AgentValue) -> None:
    for number in range(30):
        with pytest.raises(NotSignedIn):
            await gate.sign_in(f"guess{number}@example.com", "wrong password", From(f"2001:db8::{number:x}"))

    with pytest.raises(TooMany):
        await gate.sign_in("ada@example.com", PASSWORD, From("2001:db8::ffff"))
    _, secret = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    assert await gate.who(secret, kind="browser") is not None


async def test_signing_in_rightly_many_times_slows_nobody_down(gate: Gate, ada: AgentValue) -> None:
    secrets = {(await gate.sign_in("ada@example.com", PASSWORD, HOME))[1] for _ in range(40)}

    assert len(secrets) == 40


async def test_a_new_sign_in_ends_the_session_this_browser_had(gate: Gate, ada: AgentValue) -> None:
    _, before = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    _, after = await gate.sign_in("ada@example.com", PASSWORD, From(HOME.peer, instead_of=before))

    assert await gate.who(before, kind="browser") is None
    assert await gate.who(after, kind="browser") is not None


async def test_a_session_ends_after_its_days_and_after_idle_hours(
    gate: Gate, ada: AgentValue, clock: VirtualClock
) -> None:
    _, busy = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    _, idle = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    for _ in range(7):
        clock.advance(47 * HOUR)
        assert await gate.who(busy, kind="browser") is not None
    assert await gate.who(idle, kind="browser") is None

    clock.advance(14 * DAY - 7 * 47 * HOUR)
    assert await gate.who(busy, kind="browser") is None


async def test_a_secret_of_one_kind_is_nothing_as_another(gate: Gate, db: Database, ada: AgentValue) -> None:
    _, browser = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    _, token = await db.write(sessions.open_session, ada.id, "token", label="script")
    _, link = await db.write(sessions.open_session, ada.id, "link")

    assert await gate.who(token, kind="token") is not None
    for secret in (browser, link, token.swapcase(), token + "x", "", "sbt_", "sbt_" + "a" * 4096):
        assert await gate.who(secret, kind="token") is None
    for secret in (token, link):
        assert await gate.who(secret, kind="browser") is None


async def test_a_link_signs_in_once_and_in_time(gate: Gate, grace: AgentValue, ada: AgentValue) -> None:
    _, admin = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    found = await gate.who(admin, kind="browser")
    assert found is not None
    url, _ = await gate.make_link(found.actor, grace.id)
    secret = url.rpartition("/")[2]

    session = await gate.sign_in_by_link(secret, HOME)
    signed_in = await gate.who(session, kind="browser")
    assert signed_in is not None
    assert signed_in.actor.agent_id == grace.id
    with pytest.raises(Gone):
        await gate.sign_in_by_link(secret, HOME)


@pytest.mark.parametrize("spoilt", ["", "sbl_", "x", "sbl_" + "a" * 43, "null", "sbl_" + "é" * 10])
async def test_a_wrong_link_signs_nobody_in(gate: Gate, spoilt: str) -> None:
    with pytest.raises(Gone):
        await gate.sign_in_by_link(spoilt, HOME)


async def test_a_link_runs_out(gate: Gate, ada: AgentValue, clock: VirtualClock) -> None:
    signed_in, _ = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    url, ends = await gate.make_link(signed_in.actor, ada.id)

    assert ends == clock() + DAY
    clock.advance(DAY)
    with pytest.raises(Gone):
        await gate.sign_in_by_link(url.rpartition("/")[2], HOME)


async def test_only_who_configures_makes_links(gate: Gate, ada: AgentValue, grace: AgentValue, db: Database) -> None:
    _, token = await db.write(sessions.open_session, grace.id, "token")
    found = await gate.who(token, kind="token")
    assert found is not None

    with pytest.raises(Denied):
        await gate.make_link(found.actor, ada.id)


async def test_guessing_links_is_slowed_down(gate: Gate) -> None:
    failures: list[HubError] = []
    for number in range(31):
        with pytest.raises(HubError) as refused:
            await gate.sign_in_by_link(f"sbl_{number}", HOME)
        failures.append(refused.value)

    assert {type(error) for error in failures[:30]} == {Gone}
    assert isinstance(failures[30], TooMany)


async def test_a_new_password_ends_every_other_session_and_token(gate: Gate, db: Database, ada: AgentValue) -> None:
    signed_in, here = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    _, elsewhere = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    _, token = await db.write(sessions.open_session, ada.id, "token")

    await gate.change_password(signed_in.actor, PASSWORD, "quite another sentence")

    assert await gate.who(here, kind="browser") is not None
    assert await gate.who(elsewhere, kind="browser") is None
    assert await gate.who(token, kind="token") is None
    with pytest.raises(NotSignedIn):
        await gate.sign_in("ada@example.com", PASSWORD, HOME)
    await gate.sign_in("ada@example.com", "quite another sentence", HOME)


async def test_the_old_password_is_asked_for_and_cannot_be_guessed_for_long(
    gate: Gate, ada: AgentValue, clock: VirtualClock
) -> None:
    signed_in, _ = await gate.sign_in("ada@example.com", PASSWORD, HOME)
    for _ in range(5):
        with pytest.raises(Denied):
            await gate.change_password(signed_in.actor, "a wrong guess", "quite another sentence")
    with pytest.raises(TooMany):
        await gate.change_password(signed_in.actor, PASSWORD, "quite another sentence")

    clock.advance(3 * MINUTE)
    with pytest.raises(Invalid):
        await gate.change_password(signed_in.actor, PASSWORD, "ada@example.com")


async def test_a_disabled_agent_is_out_at_once(gate: Gate, db: Database, ada: AgentValue, grace: AgentValue) -> None:
    _, token = await db.write(sessions.open_session, grace.id, "token")
    _, link = await db.write(sessions.open_session, grace.id, "link")
    assert await gate.who(token, kind="token") is not None

    await db.write(actions.disable_agent, None, grace.id)

    assert await gate.who(token, kind="token") is None
    with pytest.raises(Gone):
        await gate.sign_in_by_link(link, HOME)


async def test_a_hash_of_yesterdays_cost_is_made_anew_at_sign_in(
    db: Database, clock: VirtualClock, ada: AgentValue, tmp_path: Path
) -> None:
    dearer = Gate(db, Settings(data_dir=tmp_path), clock, Passwords(Cost(passes=2, kibibytes=64)))
    await dearer.sign_in("ada@example.com", PASSWORD, HOME)
    signed_in, _ = await dearer.sign_in("ada@example.com", PASSWORD, HOME)

    assert signed_in.actor.agent_id == ada.id
    dearer.close()
