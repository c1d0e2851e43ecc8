"""Whatever is sent, the answer is a problem in words; nothing is guessed and nothing breaks."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pytest

from hub.api.reading import DEEPEST
from hub.api.route import BODY
from tests.hub.api.conftest import Answer, Client, Staff

QUEUE = {"name": "Returns"}
JSON = {"Content-Type": "application/json"}


def is_problem(answer: Answer, status: int, code: str) -> bool:
    return (
        answer.status == status
        and answer.headers["Content-Type"].startswith("application/problem+json")
        and answer.body["status"] == status
        and answer.body["code"] == code
        and bool(answer.body["detail"])
        and answer.headers["X-Content-Type-Options"] == "nosniff"
    )


async def test_what_is_no_json_of_ours_is_refused(staff: Staff) -> None:
    for raw in [
        b"",
        b"{",
        b"nonsense",
        b'{"name": NaN}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "\xff\xfe"}',
        b'\xef\xbb\xbf{"name": "bom"}',
        b'{"name": 1e400}',
        b'{"cooldown_seconds": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"skills":' * (DEEPEST + 2) + b"1" + b"}" * (DEEPEST + 2),
    ]:
        answer = await staff.administrator.ask("POST", "/queues", data=raw, headers=JSON)

        assert is_problem(answer, 400, "bad_request"), raw[:40]


async def test_another_media_type_is_refused(staff: Staff) -> None:
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""]:
        answer = await staff.administrator.ask("POST", "/queues", data=b'{"name": "x"}', headers={"Content-Type": kind})

        assert is_problem(answer, 415, "wrong_media_type")


async def test_a_body_over_the_limit_is_refused_also_when_it_hides_its_size(staff: Staff) -> None:
    ask = staff.administrator.ask
    plain = b'{"name": "' + b"x" * BODY + b'"}'

    async def chunks() -> Any:
        for start in range(0, len(plain), 65_536):
            yield plain[start : start + 65_536]

    packed = {**JSON, "Content-Encoding": "gzip"}
    assert is_problem(await ask("POST", "/queues", data=io.BytesIO(plain), headers=JSON), 413, "too_large")
    assert is_problem(await ask("POST", "/queues", data=chunks(), headers=JSON), 413, "too_large")
    bomb = gzip.compress(b" " * 50_000_000)
    assert is_problem(await ask("POST", "/queues", data=bomb, headers=packed), 413, "too_large")


async def test_a_compressed_body_that_is_broken_is_refused(staff: Staff) -> None:
    packed = {**JSON, "Content-Encoding": "gzip"}

    answer = await staff.administrator.ask("POST", "/queues", data=b"not gzip at all", headers=packed)

    assert answer.status == 400


async def test_a_brotli_body_is_refused_in_words_before_anything_is_unpacked(staff: Staff) -> None:
    packed = {**JSON, "Content-Encoding": "br"}
    before = (await staff.administrator.ask("GET", "/queues")).body
    for path in ("/queues", "/nowhere"):
        # `{}` as brotli says it.
        answer = await staff.administrator.ask("POST", path, data=b"\x8b\x00\x80{}\x03", headers=packed)
        assert answer.status == 400
        assert "content-encoding: brotli" in answer.text
        assert "Traceback" not in answer.text
    assert (await staff.administrator.ask("GET", "/queues")).body == before


async def test_nul_and_lone_surrogates_become_storable(staff: Staff) -> None:
    raw = b'{"name": "a\\u0000b\\ud800c"}'

    answer = await staff.administrator.ask("POST", "/queues", data=raw, headers=JSON)

    assert answer.status == 201
    assert answer.body["name"] == "a\u2400b\ufffdc"


async def test_every_mistake_is_named_and_nothing_that_was_sent_is_repeated(staff: Staff) -> None:
    body = {"nmae": "secret-words", "sticky_seconds": "secret-words", "skills": {"sales": 11}}

    answer = await staff.administrator.ask("POST", "/queues", body)

    assert is_problem(answer, 422, "invalid")
    found = {each["pointer"]: each["detail"] for each in answer.body["errors"]}
    assert found["#/nmae"] == "There is no such field."
    assert found["#/name"] == "This is required."
    assert set(found) == {"#/nmae", "#/name", "#/sticky_seconds", "#/skills/sales"}
    codes = {each["pointer"]: (each["why"], each.get("facts")) for each in answer.body["errors"]}
    assert (codes["#/name"], codes["#/skills/sales"]) == (("missing", None), ("most", {"n": 10}))
    assert "secret-words" not in answer.text


WRONG_TYPES: list[Any] = [None, True, 1, 1.5, "text", [], [1], {}, {"a": 1}]


@pytest.mark.parametrize(
    ("method", "path", "good"),
    [
        ("POST", "/queues", {"name": "A", "strategy": "longest_idle", "chat_offer_seconds": 30, "skills": {"a": 1}}),
        ("POST", "/agents", {"name": "B", "email": "b@example.com", "role": "agent", "units": 100, "queues": []}),
        ("POST", "/tokens", {"label": "x", "expires_at": "2030-01-01T00:00:00Z"}),
        ("PATCH", "/me", {"language": "uk"}),
    ],
)
async def test_a_field_of_the_wrong_type_is_refused_and_never_guessed(
    staff: Staff, method: str, path: str, good: dict[str, Any]
) -> None:
    ask = staff.administrator.ask
    for name, right in good.items():
        for wrong in WRONG_TYPES:
            if type(wrong) is type(right) or (wrong is None and name in ("expires_at", "language")):
                continue
            answer = await ask(method, path, {**good, name: wrong})
            assert is_problem(answer, 422, "invalid"), (name, wrong, answer.text)
            assert answer.body["errors"][0]["pointer"].startswith(f"#/{name}")
    assert (await ask(method, path, good)).status in (200, 201)


async def test_a_body_of_the_wrong_shape_is_refused(staff: Staff) -> None:
    for body in WRONG_TYPES:
        answer = await staff.administrator.ask("POST", "/queues", data=repr_json(body), headers=JSON)

        assert is_problem(answer, 422, "invalid")


def repr_json(value: Any) -> bytes:
    return (
        (str(value).lower() if value is None or isinstance(value, bool) else repr(value))
        .replace("none", "null")
        .replace("'", '"')
        .encode()
    )


async def test_what_cannot_be_an_id_is_not_found(staff: Staff) -> None:
    for text in ["0", "-1", "1.0", "1e3", "007", "%20", "a", "9007199254740992", "9" * 40, "1%00", "٣", "null", "*"]:
        for path in (f"/agents/{text}", f"/conversations/{text}", f"/conversations/{text}/entries"):
            assert is_problem(await staff.administrator.ask("GET", path), 404, "not_found")


async def test_a_query_that_makes_no_sense_is_refused_in_words(staff: Staff) -> None:
    for query in [
        "colour=red",
        "limit=10&limit=20",
        "limit=0",
        "limit=101",
        "limit=1_0",
        "limit=%201",
        "limit=ten",
        "limit=1.0",
        "limit=",
        "view=everything",
        "view=",
        "queue_id=9007199254740992",
        "queue_id=-1",
        "cursor=garbage",
        "cursor=W10",
        "cursor=" + "a" * 600,
        "sort=id;drop%20table%20agent",
        "tag=",
    ]:
        answer = await staff.agent.ask("GET", f"/conversations?{query}")

        assert is_problem(answer, 422, "invalid"), query


async def test_a_query_where_none_is_taken_is_refused(staff: Staff) -> None:
    answer = await staff.agent.ask("GET", "/me?verbose=1")

    assert is_problem(answer, 422, "invalid")
    assert answer.body["errors"] == [{"pointer": "?verbose", "detail": "There is no such parameter."}]


async def test_a_body_where_none_is_taken_is_refused(staff: Staff) -> None:
    assert is_problem(await staff.agent.ask("POST", "/socket-tickets", {"a": 1}), 400, "bad_request")
    assert (await staff.agent.ask("POST", "/socket-tickets", {})).status == 201


async def test_a_wrong_address_or_method_is_a_problem_too(staff: Staff, stranger: Client) -> None:
    assert is_problem(await stranger("GET", "/nothing-here"), 404, "not_found")
    assert is_problem(await stranger("GET", "/api/v2/me"), 404, "not_found")
    wrong = await staff.agent.ask("PUT", "/agents", {})
    assert is_problem(wrong, 405, "wrong_method")
    assert wrong.headers["Allow"] == "GET,POST"
    for method in ("TRACE", "OPTIONS", "HEAD", "PROPFIND"):
        assert (await stranger(method, "/me")).status == 405


async def test_rights_come_before_the_body(staff: Staff, stranger: Client) -> None:
    assert is_problem(await stranger("POST", "/queues", data=b"{", headers=JSON), 401, "not_signed_in")
    assert is_problem(await staff.agent.ask("POST", "/queues", data=b"{", headers=JSON), 403, "denied")


async def test_security_headers_are_on_every_answer(staff: Staff, stranger: Client) -> None:
    for answer in (
        await stranger("GET", "/me"),
        await staff.agent.ask("GET", "/me"),
        await stranger("GET", "/api/docs"),
        await stranger("GET", "/api/openapi.json"),
        await stranger("GET", "/nothing"),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert len(answer.headers["X-Request-Id"]) == 16
        assert "Access-Control-Allow-Origin" not in answer.headers
