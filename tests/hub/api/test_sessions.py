"""Signing in and out over HTTP: cookies, links, tokens, and nobody else's page."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.store.journal import Committed
from crm_core.words.events import SignedOut
from hub.keys import House
from tests.hub.api.conftest import PASSWORD, Answer, Client, Staff

ADA = {"email": "ada@example.com", "password": PASSWORD}


async def _signed_in(client: Client, who: dict[str, str] = ADA) -> Client:
    answer = await client("POST", "/session", who)
    assert answer.status == 200
    own = {
        "Cookie": f"hub_session={answer.cookies['hub_session'].value}",
        "X-Hub-Request": "1",
        "Origin": client.url,
    }
    return Client(client.http, client.url, own)


async def test_signing_in_gives_a_cookie_that_scripts_and_other_sites_do_not_get(
    stranger: Client, staff: Staff
) -> None:
    answer = await stranger("POST", "/session", ADA)

    assert answer.status == 200
    assert answer.body["agent"]["name"] == "Ada"
    cookie = answer.cookies["hub_session"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert cookie["secure"] == ""
    assert cookie.value not in answer.text


async def test_a_page_may_ask_who_is_signed_in_before_anybody_is(stranger: Client, staff: Staff) -> None:
    before = await stranger("GET", "/session")
    signed_in = await stranger("POST", "/session", ADA)
    cookie = signed_in.cookies["hub_session"].value
    after = await stranger("GET", "/session", headers={"Cookie": f"hub_session={cookie}"})

    assert (before.status, before.body) == (200, {"me": None})
    assert after.body == {"me": signed_in.body}


async def test_behind_https_the_cookie_is_secure(stranger: Client, staff: Staff, house: House) -> None:
    house.settings = house.settings.model_copy(update={"public_url": "https://hub.example.com"})

    answer = await stranger("POST", "/session", ADA)

    assert answer.cookies["hub_session"]["secure"] is True
    assert "max-age" in answer.headers["Strict-Transport-Security"]


async def test_every_wrong_way_in_is_answered_the_same(stranger: Client, staff: Staff) -> None:
    answers = [
        await stranger("POST", "/session", {"email": email, "password": password})
        for email, password in (("ada@example.com", "wrong"), ("nobody@example.com", PASSWORD), ("\ud800", "\0"))
    ]

    assert {answer.status for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


async def test_guessing_is_slowed_down_and_says_for_how_long(stranger: Client, staff: Staff) -> None:
    for _ in range(10):
        await stranger("POST", "/session", {"email": "ada@example.com", "password": "wrong"})

    answer = await stranger("POST", "/session", ADA)

    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_new_session_at_each_sign_in_and_the_old_one_of_this_browser_ends(
    stranger: Client, staff: Staff
) -> None:
    before = await _signed_in(stranger)
    again = await before("POST", "/session", ADA)

    assert again.status == 200
    assert (await before("GET", "/me")).status == 401


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"Origin": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"X-Hub-Request": "0"}, 403),
        ({"X-Hub-Request": ""}, 403),
    ],
)
async def test_a_cookie_changes_things_only_from_our_own_page(
    stranger: Client, staff: Staff, changed: dict[str, str], status: int
) -> None:
    browser = await _signed_in(stranger)

    answer = await browser("PATCH", "/me", {"language": "uk"}, headers=changed)

    assert answer.status == status
    language = (await browser("GET", "/me")).body["agent"]["language"]
    assert language == ("uk" if status == 200 else "en")


async def test_a_foreign_page_cannot_sign_a_browser_in(stranger: Client, staff: Staff) -> None:
    answer = await stranger("POST", "/session", ADA, headers={"Origin": "https://evil.example"})

    assert answer.status == 403
    assert "hub_session" not in answer.cookies


async def test_signing_out_ends_the_session_and_tells_the_sockets(stranger: Client, staff: Staff, house: House) -> None:
    told: list[Committed] = []
    house.db.subscribe(told.extend)
    browser = await _signed_in(stranger)

    answer = await browser("DELETE", "/session")

    assert answer.status == 204
    assert answer.cookies["hub_session"].value == ""
    assert (await browser("GET", "/me")).status == 401
    assert [c.event.agent_id for c in told if isinstance(c.event, SignedOut)] == [staff.agent.id]


async def test_sessions_are_listed_and_revoked_one_by_one_and_all_at_once(stranger: Client, staff: Staff) -> None:
    here, elsewhere, third = [await _signed_in(stranger) for _ in range(3)]
    listed = (await here("GET", "/sessions")).body["items"]
    assert [each["kind"] for each in listed] == ["browser", "browser", "browser", "token"]
    assert [each["is_this"] for each in listed] == [False, False, True, False]

    assert (await here("DELETE", f"/sessions/{listed[1]['id']}")).status == 204
    assert (await elsewhere("GET", "/me")).status == 401
    assert (await third("GET", "/me")).status == 200

    assert (await here("DELETE", "/sessions")).status == 204
    assert (await third("GET", "/me")).status == 401
    assert (await staff.agent.ask("GET", "/me")).status == 401
    assert (await here("GET", "/me")).status == 200


async def test_nobody_ends_a_session_of_somebody_else(stranger: Client, staff: Staff) -> None:
    mine = (await staff.agent.ask("GET", "/me")).body["session_id"]

    for person in (staff.other, staff.supervisor, staff.administrator):
        assert (await person.ask("DELETE", f"/sessions/{mine}")).status == 404
        assert (await person.ask("DELETE", f"/tokens/{mine}")).status == 404
    assert (await staff.agent.ask("GET", "/me")).status == 200


async def test_a_new_password_ends_the_other_sessions(stranger: Client, staff: Staff) -> None:
    here, elsewhere = [await _signed_in(stranger) for _ in range(2)]
    change = {"old_password": PASSWORD, "new_password": "quite another sentence"}

    assert (await here("PUT", "/me/password", change)).status == 204

    assert (await here("GET", "/me")).status == 200
    assert (await elsewhere("GET", "/me")).status == 401
    assert (await stranger("POST", "/session", ADA)).status == 401


async def test_a_token_is_shown_once_and_acts_as_its_maker(stranger: Client, staff: Staff) -> None:
    made = await staff.agent.ask("POST", "/tokens", {"label": "report script"})
    token = made.body["token"]

    assert made.status == 201
    assert (await stranger.as_holder_of(token)("GET", "/me")).body["agent"]["id"] == staff.agent.id
    for path in ("/tokens", "/sessions", "/me", "/agents"):
        assert token not in (await staff.agent.ask("GET", path)).text
    assert (await staff.agent.ask("DELETE", f"/tokens/{made.body['id']}")).status == 204
    assert (await stranger.as_holder_of(token)("GET", "/me")).status == 401


async def test_an_idempotency_key_does_not_make_a_token_shown_twice(staff: Staff) -> None:
    key = {"Idempotency-Key": "once"}
    first, second = [await staff.agent.ask("POST", "/tokens", {"label": "x"}, headers=key) for _ in range(2)]

    assert first.body["token"] != second.body["token"]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YWRhOng=", "Bearer null", "bearer sbt_", "Bearer sbt_" + "a" * 43]
)
async def test_a_wrong_token_is_nobodys_even_with_a_good_cookie(stranger: Client, staff: Staff, header: str) -> None:
    browser = await _signed_in(stranger)

    answer = await browser("GET", "/me", headers={"Authorization": header})

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_in_the_address_opens_nothing(stranger: Client, staff: Staff) -> None:
    for name in ("token", "access_token", "api_key", "hub_session"):
        assert (await stranger("GET", f"/me?{name}={staff.agent.token}")).status == 401


async def test_a_ticket_says_whether_a_browser_asked_for_it(stranger: Client, staff: Staff, house: House) -> None:
    browser = await _signed_in(stranger)
    for asker, from_browser in ((browser, True), (staff.agent.ask, False)):
        answer = await asker("POST", "/socket-tickets")
        ticket = house.tickets.redeem(answer.body["ticket"])

        assert answer.status == 201
        assert ticket is not None
        assert (ticket.agent_id, ticket.from_browser) == (staff.agent.id, from_browser)


async def _link(staff: Staff) -> str:
    answer = await staff.administrator.ask("POST", f"/agents/{staff.agent.id}/sign-in-links")
    assert answer.status == 201
    url: str = answer.body["url"]
    return url[url.index("/sign-in/") :]


async def test_looking_at_a_link_does_not_use_it_up(stranger: Client, staff: Staff) -> None:
    path = await _link(staff)
    looks: list[Answer] = [await stranger("GET", path) for _ in range(3)]

    assert {look.status for look in looks} == {200}
    assert all('method="post"' in look.text for look in looks)
    assert all("hub_session" not in look.cookies for look in looks)
    assert looks[0].headers["Cache-Control"] == "no-store"

    used = await stranger("POST", path, headers={"Origin": stranger.url, "Sec-Fetch-Site": "same-origin"})
    assert used.status == 303
    assert used.headers["Location"] == "/console/"
    cookie = used.cookies["hub_session"].value
    me = await stranger("GET", "/me", headers={"Cookie": f"hub_session={cookie}"})
    assert me.body["agent"]["id"] == staff.agent.id

    again = await stranger("POST", path)
    assert again.status == 410
    assert "hub_session" not in again.cookies


async def test_a_foreign_page_cannot_use_a_link_in_somebodys_browser(stranger: Client, staff: Staff) -> None:
    path = await _link(staff)

    assert (await stranger("POST", path, headers={"Origin": "https://evil.example"})).status == 403
    assert (await stranger("POST", path)).status == 303


async def test_a_link_with_markup_in_it_is_shown_as_text(stranger: Client, staff: Staff) -> None:
    answer = await stranger("GET", "/sign-in/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E")

    assert "<script>alert" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_disabled_agent_loses_everything_at_once(stranger: Client, staff: Staff, house: House) -> None:
    told: list[Committed] = []
    house.db.subscribe(told.extend)
    browser, path = await _signed_in(stranger), await _link(staff)

    answer = await staff.administrator.ask("POST", f"/agents/{staff.agent.id}/disable")

    assert answer.status == 200
    assert answer.body["disabled"] is True
    assert (await browser("GET", "/me")).status == 401
    assert (await staff.agent.ask("GET", "/me")).status == 401
    assert (await stranger("POST", path)).status == 410
    assert (await stranger("POST", "/session", ADA)).status == 401
    ended: list[Any] = [c.event for c in told if isinstance(c.event, SignedOut)]
    assert [(event.agent_id, event.session_id) for event in ended] == [(staff.agent.id, None)]


async def test_what_changes_of_my_rights_counts_from_the_next_request(staff: Staff) -> None:
    assert (await staff.agent.ask("POST", "/queues", {"name": "New"})).status == 403

    change = {"version": staff.agent.agent.version, "role": "administrator"}
    assert (await staff.administrator.ask("PATCH", f"/agents/{staff.agent.id}", change)).status == 200

    assert (await staff.agent.ask("POST", "/queues", {"name": "New"})).status == 201
