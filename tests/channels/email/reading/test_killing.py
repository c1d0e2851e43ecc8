"""The process that reads mails: what it may use, and that the next mail is read whatever became of one."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from pathlib import Path

import pytest

from channels.email.anatomy.limits import MOST_BYTES
from channels.email.mail import ParsedMail
from channels.email.reading import MailReader, Unreadable, WarmReader, described, explain, worker
from channels.email.worker import CRASH, LENGTH, MEMORY, MEMORY_LIMIT, STEP_LIMIT, too_slow, within_a_second
from tests.channels.email.parse.writing import mail

HELLO = mail("Subject: hello", body="hi")
GENEROUS = 60.0
"""Seconds for what is answered at once: a busy machine must not make it late."""
LIMITS = {"timeout": 0.2}
"""Seconds for what never answers, by why it is unreadable then."""


def worker_that(does: str) -> tuple[str, ...]:
    """A stand-in for the process: says that it is there, takes the mail, and does this."""
    ready = "import sys, time; o = sys.stdout.buffer; o.write(b'r'); o.flush(); "
    return (sys.executable, "-c", f"{ready}sys.stdin.buffer.read({len(HELLO)} + 4); {does}")


def names_in_the_environment(pid: int | None) -> set[bytes]:
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    return {line.partition(b"=")[0] for line in environment.split(b"\0") if line}


async def test_mails_are_read_by_one_process_after_another() -> None:
    async with MailReader() as reader:
        assert (await reader.read(HELLO)).subject == "hello"
        first = reader.pid
        assert (await reader.read(mail("Subject: again"))).subject == "again"
        assert reader.pid == first
    assert reader.pid is None


async def test_the_process_may_use_so_much_memory_and_write_no_files() -> None:
    async with MailReader() as reader:
        await reader.read(HELLO)
        assert reader.pid is not None
        assert resource.prlimit(reader.pid, resource.RLIMIT_DATA) == (MEMORY_LIMIT, MEMORY_LIMIT)
        assert resource.prlimit(reader.pid, resource.RLIMIT_FSIZE) == (0, 0)


async def test_the_process_is_given_no_secret_of_the_hub() -> None:
    async with MailReader() as reader:
        await reader.read(HELLO)
        names = names_in_the_environment(reader.pid)
    assert names <= {b"PATH", b"LANG", b"LC_ALL", b"VIRTUAL_ENV", b"LD_LIBRARY_PATH", b"PYTHONPATH", b"LC_CTYPE"}


async def test_a_process_that_hangs_over_a_mail_is_killed_and_the_next_mail_is_read() -> None:
    async with MailReader() as reader:
        await reader.read(HELLO)
        hung = reader.pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        reader.time_limit = 0.2
        with pytest.raises(Unreadable) as unreadable:
            await reader.read(HELLO)
        assert unreadable.value.code == "timeout"
        reader.time_limit = GENEROUS
        assert (await reader.read(HELLO)).subject == "hello"
        assert reader.pid != hung


async def test_a_process_that_ended_between_two_mails_is_not_missed() -> None:
    async with MailReader() as reader:
        await reader.read(HELLO)
        assert reader.pid is not None
        os.kill(reader.pid, signal.SIGKILL)
        assert (await reader.read(HELLO)).subject == "hello"


@pytest.mark.parametrize(
    ("does", "code"),
    [
        ("time.sleep(60)", "timeout"),
        ("sys.exit(3)", "crash"),
        (f"o.write({MEMORY + LENGTH.pack(0)!r}); o.flush()", "memory"),
        (f"o.write({CRASH + LENGTH.pack(0)!r}); o.flush()", "crash"),
        (f"o.write(b'm' + {LENGTH.pack(9)!r}); o.flush()", "crash"),
    ],
)
async def test_why_a_mail_is_unreadable_is_told(does: str, code: str) -> None:
    async with MailReader(time_limit=LIMITS.get(code, GENEROUS), argv=worker_that(does)) as reader:
        with pytest.raises(Unreadable) as unreadable:
            await reader.read(HELLO)
    assert unreadable.value.code == code


@pytest.mark.parametrize(("does", "code"), [("time.sleep(60)", "timeout"), ("sys.exit(3)", "crash")])
def test_a_command_is_told_why_too(does: str, code: str) -> None:
    reader = WarmReader(time_limit=LIMITS.get(code, GENEROUS), argv=worker_that(does))
    with pytest.raises(Unreadable) as unreadable:
        reader.read(HELLO)
    assert unreadable.value.code == code


async def test_a_mail_beyond_the_limit_is_read_as_far_as_its_headers() -> None:
    async with MailReader() as reader:
        found = await reader.read(mail("Subject: big", body=b"x" * (MOST_BYTES + 1)))
    assert (found.subject, found.defects) == ("big", ["too_large"])


async def test_the_largest_mail_fits_into_the_memory() -> None:
    file = b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n" + b"QUJD" * (
        6 * 1024 * 1024
    )
    async with MailReader(time_limit=GENEROUS) as reader:
        found = await reader.read(b"From: a@x.org\n" + file)
    assert len(found.attachments[0].content) == 18 * 1024 * 1024


async def test_twenty_megabytes_of_plain_text_are_cut_and_not_refused() -> None:
    async with MailReader(time_limit=GENEROUS) as reader:
        found = await reader.read(mail(body="👋 hello\n" * 1_500_000))
    assert "text_cut" in found.defects
    assert found.text.startswith("👋 hello")


def forever() -> None:
    while True:
        sum(range(1_000))


def test_a_step_that_takes_longer_than_a_second_is_left() -> None:
    before = signal.signal(signal.SIGPROF, too_slow)
    try:
        assert within_a_second(forever, lambda: None) == (None, False)
        assert within_a_second(lambda: 1, lambda: 2) == (1, True)
    finally:
        signal.signal(signal.SIGPROF, before)


def test_time_in_which_nothing_is_done_counts_for_no_step() -> None:
    before = signal.signal(signal.SIGPROF, too_slow)
    try:
        assert within_a_second(lambda: time.sleep(STEP_LIMIT + 0.1), lambda: None) == (None, True)
    finally:
        signal.signal(signal.SIGPROF, before)


BUSY = f"import signal; signal.setitimer(signal.ITIMER_VIRTUAL, 0.1); exec({'while True: pass'!r})"
"""What a mail makes of the process that takes longer than it may."""


async def test_a_mail_that_takes_its_five_seconds_is_not_read_again() -> None:
    async with MailReader(time_limit=GENEROUS, argv=worker_that(BUSY)) as reader:
        with pytest.raises(Unreadable) as unreadable:
            await reader.read(HELLO)
    assert unreadable.value.code == "timeout"
    warm = WarmReader(time_limit=GENEROUS, argv=worker_that(BUSY))
    with pytest.raises(Unreadable) as unreadable:
        warm.read(HELLO)
    assert unreadable.value.code == "timeout"


async def test_a_process_that_has_read_its_share_of_mails_is_followed_by_another() -> None:
    mails = [mail(f"Subject: mail {number}") for number in range(5)]
    warm = WarmReader(time_limit=GENEROUS, argv=worker(2))
    try:
        assert [warm.read(raw).subject for raw in mails] == [f"mail {number}" for number in range(5)]
    finally:
        warm.close()
    async with MailReader(time_limit=GENEROUS, argv=worker(2)) as reader:
        assert [(await reader.read(raw)).subject for raw in mails] == [f"mail {number}" for number in range(5)]


async def test_html_that_takes_too_long_to_clean_is_shown_as_its_words() -> None:
    slow = "<" * 2_000_000
    async with MailReader(time_limit=GENEROUS) as reader:
        found = await reader.read(mail("Content-Type: text/html", body=f"<p>hello</p>{slow}"))
    assert found.text.startswith("hello")


def test_an_explanation_has_the_words_of_the_issue_and_plain_values() -> None:
    said = explain(mail("Subject: hello", "Date: Tue, 1 Jul 2003 10:52:37 +0200", body="hi\n\n-- \nOlena"))
    assert said["from"] == [{"name": "Olena Koval", "address": "olena@example.org"}]
    assert (said["subject"], said["text"], said["trimmed_text"]) == ("hello", "hi\n\n-- \nOlena", "hi")
    assert said["date"] == "2003-07-01T08:52:37.000Z"
    assert said["bounce"] is None
    assert set(said) >= {
        "from", "to", "cc", "subject", "date", "message_id", "in_reply_to", "references", "text", "trimmed_text",
        "html", "attachments", "auto_submitted", "bounce", "defects",
    }  # fmt: skip


def test_an_explained_file_is_its_name_size_and_digest() -> None:
    said = explain(b"From: a@x.org\nContent-Type: application/pdf; name=a.pdf\n\nPDF")
    [file] = said["attachments"]
    assert set(file) == {"name", "type", "size", "sha256", "inline"}
    assert (file["name"], file["type"], file["size"], file["inline"]) == ("a.pdf", "application/pdf", 3, False)


def test_a_mail_without_anything_is_described_with_every_word() -> None:
    said = described(ParsedMail())
    assert (said["from"], said["date"], said["attachments"], said["html"]) == ([], None, [], None)
