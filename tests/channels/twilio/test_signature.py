from __future__ import annotations

import hashlib
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from channels.contract import NotGenuine, WebhookRequest
from channels.twilio.signature import genuine_fields, signature
from tests.channels.twilio.corpus import corpus

TOKEN = "12345"
URL = "https://hub.example/in/pub-key"
FORM = {"MessageSid": "SM" + "1" * 32, "From": "+14155550100", "To": "+14155550111", "Body": "Hello  ", "FromCity": ""}


def signed(
    fields: dict[str, str], *, url: str = URL, over: str | None = None, token: str = TOKEN, **headers: str
) -> WebhookRequest:
    """A form as Twilio's own library signs it."""
    right: str = RequestValidator(token).compute_signature(over or url, fields)
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "X-Twilio-Signature": right}
    return WebhookRequest(url, {**kind, **headers}, urlencode(fields).encode())


def test_a_form_that_twilio_signed_is_genuine() -> None:
    assert genuine_fields(signed(FORM), TOKEN)["Body"] == ["Hello  "]


def test_a_form_without_a_signature_is_not() -> None:
    with pytest.raises(NotGenuine):
        genuine_fields(WebhookRequest(URL, {}, urlencode(FORM).encode()), TOKEN)


@pytest.mark.parametrize(
    "changed",
    [
        {**FORM, "Body": "Goodbye"},
        {**FORM, "Extra": "1"},
        {key: value for key, value in FORM.items() if key != "FromCity"} | {"Body": "Hello"},
        {key: value for key, value in FORM.items() if key != "Body"},
    ],
    ids=["changed", "added", "stripped", "removed"],
)
def test_a_form_changed_on_the_way_is_not(changed: dict[str, str]) -> None:
    request = WebhookRequest(URL, signed(FORM).headers, urlencode(changed).encode())
    with pytest.raises(NotGenuine):
        genuine_fields(request, TOKEN)


def test_a_blank_parameter_that_was_removed_changes_nothing_that_was_signed() -> None:
    """Twilio signs names and values joined: a removed blank one is noticed by its name."""
    bare = {key: value for key, value in FORM.items() if value}
    with pytest.raises(NotGenuine):
        genuine_fields(WebhookRequest(URL, signed(FORM).headers, urlencode(bare).encode()), TOKEN)


@pytest.mark.parametrize("over", ["https://hub.example:443/in/pub-key", "https://hub.example/in/pub-key"])
def test_the_port_may_be_signed_or_not(over: str) -> None:
    assert genuine_fields(signed(FORM, over=over), TOKEN)


@pytest.mark.parametrize(
    "over",
    [
        "http://hub.example/in/pub-key",
        "https://hub.example:8443/in/pub-key",
        "https://evil.example/in/pub-key",
        "https://hub.example/in/other-key",
    ],
)
def test_another_scheme_port_host_or_path_is_another_address(over: str) -> None:
    with pytest.raises(NotGenuine):
        genuine_fields(signed(FORM, over=over), TOKEN)


def test_forwarded_headers_change_nothing() -> None:
    request = signed(FORM, over="https://evil.example/in/pub-key")
    spoofed = {**request.headers, "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    with pytest.raises(NotGenuine):
        genuine_fields(WebhookRequest(URL, spoofed, request.body), TOKEN)


def _json(body: bytes, url: str) -> WebhookRequest:
    right: str = RequestValidator(TOKEN).compute_signature(url, {})
    return WebhookRequest(url, {"Content-Type": "application/json", "X-Twilio-Signature": right}, body)


def test_json_is_genuine_when_the_address_names_its_digest() -> None:
    body = b'{"a": 1}'
    assert genuine_fields(_json(body, f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"), TOKEN) == {}


@pytest.mark.parametrize("url", [URL, f"{URL}?bodySHA256=", f"{URL}?bodySHA256={'0' * 64}", f"{URL}?bodySHA256=ü"])
def test_json_without_its_digest_is_not(url: str) -> None:
    with pytest.raises(NotGenuine):
        genuine_fields(_json(b'{"a": 1}', url), TOKEN)


@pytest.mark.parametrize("algorithm", ["none", "HMAC_SHA256", "MD5"])
def test_a_header_cannot_choose_another_algorithm(algorithm: str) -> None:
    request = signed(FORM, **{"X-Twilio-Webhooks-Signature-Settings": f"key=webhooks_1,algorithm={algorithm}"})
    with pytest.raises(NotGenuine):
        genuine_fields(request, TOKEN)


def test_without_a_token_nothing_is_genuine() -> None:
    with pytest.raises(NotGenuine):
        genuine_fields(signed(FORM, token=""), "")


@pytest.mark.parametrize("body", [b"\xff=%FF&\x00", b"&" * 5_000 + b"a=b", b"a&b&c", "Body=\U0001f40e".encode()])
def test_rubbish_is_not_genuine_and_no_crash(body: bytes) -> None:
    with pytest.raises(NotGenuine):
        genuine_fields(WebhookRequest(URL, signed(FORM).headers, body), TOKEN)


def test_a_webhook_by_get_is_signed_over_its_address() -> None:
    url = f"{URL}?{urlencode(FORM)}"
    right: str = RequestValidator(TOKEN).compute_signature(url, {})
    assert genuine_fields(WebhookRequest(url, {"X-Twilio-Signature": right}, b""), TOKEN)["From"] == ["+14155550100"]


def test_every_vector_of_twilios_own_libraries_agrees() -> None:
    wrong = []
    vectors = [v for v in corpus("signature_vectors.json") if v["expect_valid"] is not None]
    for vector in vectors:
        fields = {k: v if isinstance(v, list) else [v] for k, v in (vector["params"] or {}).items()}
        body = (vector["body"] or urlencode(fields, doseq=True)).encode()
        kind = "application/json" if vector["body"] else "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "X-Twilio-Signature": vector["signature"] or ""}
        try:
            genuine_fields(WebhookRequest(vector["url"], headers, body), vector["auth_token"])
            valid = True
        except NotGenuine:
            valid = False
        if valid is not vector["expect_valid"]:
            wrong.append(vector["name"])
    assert not wrong
    assert len(vectors) >= 18


def test_every_request_of_the_corpus_has_the_signature_we_would_give_it() -> None:
    requests = corpus("webhook_payloads.json")
    differing = [
        r["name"]
        for r in requests
        if signature(r["url"], {k: [v] for k, v in r["params"].items()}, r["auth_token"]) != r["x_twilio_signature"]
    ]
    assert not differing
    assert requests
