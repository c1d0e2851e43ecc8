"""Settings are tried out by administrators only, seldom, without a word of a secret, and not in networks of ours."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.words.clock import MINUTE
from hub.keys import House
from hub.machinery.examining import A_MINUTE
from tests.hub.api.conftest import Answer, Staff
from tests.peers.clock import VirtualClock

SECRET = "hunter2-is-not-shown"
MAILBOX = {
    "address": "shop@example.com",
    "password": SECRET,
    "imap_host": "127.0.0.1",
    "imap_port": 993,
    "smtp_host": "127.0.0.1",
    "smtp_port": 587,
}
INSIDE = [
    *("127.0.0.1", "localhost", "0", "127.1", "2130706433", "0x7f.1", "0.0.0.0"),
    *("10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "255.255.255.255", "224.0.0.1"),
]


async def examine(staff: Staff, kind: str = "email", **body: Any) -> Answer:
    return await staff.administrator.ask("POST", "/accounts/examine", {"kind": kind, **body})


@pytest.mark.parametrize("host", INSIDE)
async def test_no_network_of_ours_is_looked_into(staff: Staff, host: str) -> None:
    answer = await examine(staff, settings={**MAILBOX, "imap_host": host, "smtp_host": host})
    assert answer.status == 200, answer.text
    found = {f["step"]: f["problem"] for f in answer.body["findings"]}
    assert found == {"imap": "forbidden", "smtp": "forbidden"}
    assert SECRET not in answer.text


async def test_a_gateway_inside_is_as_forbidden_as_a_mail_server(staff: Staff) -> None:
    for url in (
        "https://127.0.0.1/send",
        "http://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
    ):
        settings = {"sender": "Shop", "url": url, "check_secret": SECRET}
        answer = await examine(staff, "gateway", settings=settings)
        assert answer.status == 200, answer.text
        assert [f["problem"] for f in answer.body["findings"]] == ["forbidden"], url


async def test_a_thirteenth_time_within_a_minute_is_once_too_often(staff: Staff, clock: VirtualClock) -> None:
    for _ in range(A_MINUTE):
        assert (await examine(staff, settings=MAILBOX)).status == 200
    refused = await examine(staff, settings=MAILBOX)
    assert (refused.status, refused.body["code"]) == (429, "too_many")
    assert int(refused.headers["Retry-After"]) > 0
    clock.advance(MINUTE)
    assert (await examine(staff, settings=MAILBOX)).status == 200


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("email", {**MAILBOX, "imap_port": 70_000}, "imap_port"),
    ("email", {**MAILBOX, "address": "nobody"}, "address"),
    ("email", {**MAILBOX, "password": [SECRET]}, "password"),
    ("email", {**MAILBOX, "passwort": SECRET}, "passwort"),
    ("email", {"password": SECRET}, "address"),
    ("telegram", {"token": SECRET}, "token"),
    ("gateway", {"sender": "Shop", "url": f"https://shop:{SECRET}@gateway.example/"}, "url"),
]


@pytest.mark.parametrize(("kind", "settings", "named"), WRONG, ids=[f"{w[0]} {w[2]}" for w in WRONG])
async def test_a_wrong_setting_is_named_and_what_was_given_is_not_repeated(
    staff: Staff, kind: str, settings: dict[str, Any], named: str
) -> None:
    answer = await examine(staff, kind, settings=settings)
    assert answer.status == 422, answer.text
    assert named in answer.body["detail"]
    assert SECRET not in answer.text
    saved = await staff.administrator.ask("POST", "/accounts", {"kind": kind, "name": "N", "settings": settings})
    assert (saved.status, SECRET in saved.text) == (422, False)


async def test_what_is_wrong_is_told_of_each_setting_by_a_code_and_what_it_names(staff: Staff) -> None:
    wrong = {**MAILBOX, "imap_port": 70_000, "imap_host": "https://mail.example", "folders": []}
    answer = await staff.administrator.ask("POST", "/accounts", {"kind": "email", "name": "N", "settings": wrong})
    told = {each["pointer"]: (each["why"], each.get("facts")) for each in answer.body["errors"]}
    assert told == {
        "#/settings/imap_host": ("host_like", None),
        "#/settings/imap_port": ("most", {"n": 65_535}),
        "#/settings/folders": ("count_least", {"n": 1}),
    }
    whole = await examine(staff, settings={"address": "shop@example.com"})
    assert [(e["pointer"], e["why"]) for e in whole.body["errors"]] == [("#/settings", "imap_missing")]
    assert whole.body["detail"] == "The settings are not right. Name the server that mail is fetched from."


async def test_what_is_found_is_told_by_a_code_and_what_it_names(staff: Staff) -> None:
    answer = await examine(staff, settings={**MAILBOX, "smtp_host": ""})
    [found] = answer.body["findings"]
    assert (found["why"], found["facts"]) == ("network_forbidden", {"host": "127.0.0.1"})
    assert found["words"] == "127.0.0.1 is in a network this hub does not connect to."


async def test_an_unknown_kind_or_account_and_another_kinds_account_are_refused(staff: Staff) -> None:
    unknown = await examine(staff, "carrier-pigeon", settings={})
    assert (unknown.status, unknown.body["detail"]) == (422, "There is no such channel.")
    assert (await examine(staff, settings=MAILBOX, account_id=2**53 - 1)).status == 404
    chat = await staff.administrator.ask("POST", "/accounts", {"kind": "webchat", "name": "Shop"})
    other = await examine(staff, settings=MAILBOX, account_id=chat.body["id"])
    assert (other.status, other.body["detail"]) == (422, "This account is of another kind.")
    nothing = await examine(staff, "webchat", settings={})
    assert (nothing.status, nothing.body) == (200, {"findings": []})


async def test_a_stored_secret_is_used_and_never_told(staff: Staff) -> None:
    new = {"kind": "email", "name": "Mail", "settings": MAILBOX}
    made = await staff.administrator.ask("POST", "/accounts", new)
    assert (made.status, SECRET in made.text) == (201, False)
    tried = await examine(staff, settings={"smtp_port": 465}, account_id=made.body["id"])
    assert [f["problem"] for f in tried.body["findings"]] == ["forbidden", "forbidden"]
    assert SECRET not in tried.text


async def test_only_administrators_try_settings_out(staff: Staff) -> None:
    for person in (staff.agent, staff.supervisor):
        answer = await person.ask("POST", "/accounts/examine", {"kind": "email", "settings": MAILBOX})
        assert (answer.status, answer.body["code"]) == (403, "denied")


MANNERS: list[tuple[dict[str, Any], str]] = [
    ({"away": {"en": "Closed."}}, "An absence note needs business hours."),
    ({"hours": {"timezone": "Mars/Olympus", "week": [[]] * 7}}, "There is no such time zone."),
    ({"hours": {"timezone": "../../etc/passwd", "week": [[]] * 7}}, "There is no such time zone."),
    ({"hours": {"timezone": "Europe/Kyiv", "week": [[]] * 6}}, "hours.week"),
    ({"hours": {"timezone": "Europe/Kyiv", "week": [[["18:00", "09:00"]]] + [[]] * 6}}, "before it begins"),
    ({"hours": {"timezone": "Europe/Kyiv", "week": [[["09:00", "12:00"], ["11:00", "13:00"]]] + [[]] * 6}}, "overlap"),
    ({"greeting": {"english please": "Hi"}}, "greeting"),
    ({"greeting": {"en": "x" * 2_001}}, "greeting.en"),
    ({"mood": "sunny"}, "mood"),
    ({"survey": "perhaps"}, "survey"),
]


@pytest.mark.parametrize(("manner", "words"), MANNERS, ids=[w for _, w in MANNERS])
async def test_a_manner_that_makes_no_sense_is_refused_in_words(
    staff: Staff, manner: dict[str, Any], words: str
) -> None:
    ask = staff.administrator.ask
    account = (await ask("POST", "/accounts", {"kind": "webchat", "name": "Shop"})).body
    answer = await ask("PUT", f"/accounts/{account['id']}/manner", {"manner": manner})
    assert answer.status == 422, answer.text
    assert words in answer.body["detail"]
    assert all(each["pointer"].startswith("#/manner") for each in answer.body["errors"])
    assert (await ask("GET", f"/accounts/{account['id']}")).body["version"] == account["version"]


async def test_a_manner_is_kept_and_shown_as_it_was_set(staff: Staff) -> None:
    ask = staff.administrator.ask
    account = (await ask("POST", "/accounts", {"kind": "webchat", "name": "Shop"})).body
    path = f"/accounts/{account['id']}/manner"
    assert (await ask("PUT", path, {"manner": {"fallback_account_id": 2**53 - 1}})).status == 404
    set_so = await ask("PUT", path, {"manner": {"greeting": {"uk": "Вітаємо!"}, "survey": True}})
    assert set_so.status == 200, set_so.text
    kept = (await ask("GET", f"/accounts/{account['id']}")).body["manner"]
    assert (kept["greeting"], kept["survey"]) == ({"uk": "Вітаємо!"}, True)


async def test_an_invitation_is_made_for_somebody_who_exists_and_leads_to_them(staff: Staff, house: House) -> None:
    contact = (await staff.agent.ask("POST", "/contacts", {"name": "Olena"})).body
    answer = await staff.agent.ask("POST", f"/contacts/{contact['id']}/invitations")
    assert answer.status == 201
    assert house.invitations.read(answer.body["token"]) == contact["id"]
    assert set(answer.body["token"]) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert (await staff.agent.ask("POST", f"/contacts/{2**53 - 1}/invitations")).status == 404
