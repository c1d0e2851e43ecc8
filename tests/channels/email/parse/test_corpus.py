"""Mails that nobody here wrote: none raises, and where an expected result stands beside one, it is met.

The shares are printed (`pytest -s`) and asserted.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from channels.email.anatomy.limits import MOST_PARTS
from channels.email.anatomy.quoting import fold
from channels.email.parse import parse
from tests.channels.email.parse.corpora import email_corpus, files_of
from tests.channels.email.parse.trees import Tree, same_files, same_people, same_words

OF_EMPTY_PARTS = {"msg_08.txt", "msg_09.txt", "msg_12.txt", "msg_12a.txt"}
"""Mails all of whose parts hold nothing."""
PEOPLE = ("from", "to", "cc", "bcc", "reply_to", "sender")


def test_every_mail_of_the_corpora_is_read_and_nothing_of_it_is_unstorable() -> None:
    paths = list(files_of(email_corpus()))
    for path in paths:
        mail = parse(path.read_bytes())
        assert len(mail.attachments) <= MOST_PARTS, path
        for text in (mail.text, mail.trimmed, mail.subject, mail.html or "", *(a.name for a in mail.attachments)):
            assert "\0" not in text, path
            text.encode("utf-8")
    assert len(paths) > 500


def test_a_mail_that_says_something_is_never_read_as_silence() -> None:
    silent = []
    for path in files_of(email_corpus()):
        raw = path.read_bytes()
        mail = parse(raw)
        body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
        if len(body.strip()) > 200 and not (mail.text.strip() or mail.attachments or mail.html):
            silent.append(path.name)
    assert set(silent) <= OF_EMPTY_PARTS


def test_the_expected_trees_are_met() -> None:
    met: list[bool] = []
    for path in sorted(email_corpus("stalwartlabs+mail-parser").rglob("eml/*/*.json")):
        if path.name.endswith(".crlf.json"):
            continue
        tree = Tree(path)
        mail = parse(path.with_suffix(".eml").read_bytes().replace(b"\r\n", b"\n"))
        found = {
            "from": mail.from_, "to": mail.to, "cc": mail.cc, "bcc": mail.bcc, "reply_to": mail.reply_to,
            "sender": [mail.sender] if mail.sender else [],
        }  # fmt: skip
        for field in PEOPLE:
            met.append(same_people(tree.people(field), [(n.name, n.address) for n in found[field]]))
        met.append(same_words(tree.subject(), mail.subject))
        met.append(same_files(tree.files(), mail))
    print(f"\nexpected trees: {sum(met)} of {len(met)} = {sum(met) / len(met):.1%}")
    assert len(met) > 200
    assert sum(met) / len(met) >= 0.98


def test_addresses_are_those_that_the_vectors_expect() -> None:
    vectors = json.loads((email_corpus("stalwartlabs+mail-parser") / "resources" / "address.json").read_text())
    met = []
    for vector in vectors:
        said = vector["expected"]
        everybody = said["List"] if "List" in said else [p for g in said["Group"] for p in g["addresses"]]
        header = vector["header"].replace("\r\n", "\n").partition("\n\n")[0].replace("\n", "\n ").rstrip()
        found = {n.address for n in parse(f"To: {header}\n\n".encode()).to}
        met.append(found - {""} == {_as_ours(p["address"] or "") for p in everybody} - {""})
    print(f"\naddress vectors: {sum(met)} of {len(met)}")
    assert sum(met) / len(met) >= 0.95


def _as_ours(address: str) -> str:
    """Without spaces, route and `mailto:`; a link of a List- header is no address."""
    bare = address.replace(" ", "").removeprefix("mailto:").partition("?")[0]
    bare = bare.partition(":")[2] if bare.startswith("@") else bare
    return bare if "@" in bare and "//" not in bare else ""


def test_bounces_are_recognised_and_other_mails_are_not_taken_for_some() -> None:
    folder = email_corpus("sisimai+set-of-emails") / "maildir"
    reports = [parse(p.read_bytes()) for p in files_of(folder / "bsd")]
    known = [m for m in reports if m.bounce is not None]
    print(f"\nbounces: {len(known)} of {len(reports)} = {len(known) / len(reports):.1%}")
    assert len(known) / len(reports) >= 0.95
    assert all(m.automatic for m in known)
    with_recipient = [m for m in known if m.bounce is not None and m.bounce.recipient]
    assert len(with_recipient) / len(known) >= 0.95
    assert [p.name for p in files_of(folder / "not") if parse(p.read_bytes()).bounce is not None] == []


def _replies() -> list[Path]:
    return sorted((email_corpus("mailgun+talon") / "tests/fixtures/standard_replies").glob("*.eml"))


def test_replies_of_twelve_mail_programs_are_trimmed_to_what_is_new() -> None:
    for path in _replies():
        mail = parse(path.read_bytes())
        whole = path.with_name(path.stem + "_reply_text")
        expected = whole.read_text() if whole.exists() else "Hello"
        # Their expected text keeps the signature; ours is folded.
        assert mail.trimmed.strip() == fold(expected).trimmed.strip(), path.name
        assert mail.trimmed.startswith("Hello"), path.name


def test_html_replies_are_trimmed_to_what_is_new() -> None:
    folder = email_corpus("mailgun+talon") / "tests/fixtures/html_replies"
    for path in sorted(folder.glob("*.html")):
        mail = parse(b"From: a@example.org\nContent-Type: text/html\n\n" + path.read_bytes())
        assert "".join(mail.trimmed.split()) == "Hi.Iamfine.Thanks,Alex", path.name


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("email_1_1", "-Abhishek Kona"),
        ("email_1_3", "-Abhishek Kona"),
        ("email_1_4", "Awesome! I haven't had another problem with it."),
        ("email_1_6", "Sent from a magnificent torch of pixels"),
        ("email_1_7", ":+1:"),
        ("email_2_1", "Outlook with a reply"),
        ("email_2_2", "Outlook with a reply directly above line"),
        ("email_2_3", "Outlook with a reply directly above line"),
        ("email_BlackBerry", "Here is another email"),
        ("email_bullets", "- and another"),
        ("email_iPhone", "Here is another email"),
        ("email_multi_word_sent_from_my_mobile_device", "Here is another email"),
        ("email_one_is_not_on", "Locally (on development), when I run..."),
        ("email_sent_from_my_not_signature", "Sent from my desk, is much easier then my mobile phone."),
        ("email_sig_delimiter_in_middle_of_line", "kthxbai"),
        ("greedy_on", "fails, the tunnel is not working."),
        ("correct_sig", "this is an email with a correct -- signature."),
        ("pathological", "get back to a computer."),
    ],
)
def test_the_last_new_line_of_a_reply_is_found(name: str, last: str) -> None:
    text = (email_corpus("github+email_reply_parser") / "test" / "emails" / f"{name}.txt").read_text()
    assert fold(text).trimmed.splitlines()[-1].strip() == last
