"""At whom a message is aimed, by which way, and whether that way carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from channels.contract import Capabilities
from crm_core.accounts import queries as accounts
from crm_core.contacts.resolving import resolve_many
from crm_core.conversations import participants
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.addresses import email
from crm_core.words.errors import Invalid
from crm_core.words.values import FileValue, Named, Pressable
from hub.desk import copies
from hub.desk.ways import Directory, Way, Why, chosen, first_open

MOST_RECIPIENTS = 50


class Addressed(Protocol):
    """What of an agent's words says where they go."""

    @property
    def way(self) -> tuple[int, int] | None: ...
    @property
    def to(self) -> tuple[str, ...]: ...
    @property
    def cc(self) -> tuple[str, ...]: ...
    @property
    def bcc(self) -> tuple[str, ...]: ...
    @property
    def template(self) -> str: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def html_file(self) -> int | None: ...
    @property
    def buttons(self) -> tuple[Pressable, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Who is written to, by which account. `carries` is none where nobody asks."""

    identity_id: int
    account_id: int
    channel: str
    carries: Capabilities | None = None
    to: list[Named] = field(default_factory=list)
    cc: list[Named] = field(default_factory=list)
    bcc: list[Named] = field(default_factory=list)
    answers: bool = True
    """Whether it goes to whoever waits, and not to somebody else."""

    @property
    def carries_subject(self) -> bool:
        """Whether messages by this way have a subject."""
        return self.carries is None or self.carries.subject

    def must_carry(self, text: str, files: Sequence[FileValue], words: Addressed) -> None:
        """Raises Invalid, in words for the agent, for what does not fit this way."""
        carries = self.carries
        if carries is None:
            return
        if carries.max_text is not None and len(text) > carries.max_text:
            raise Invalid("By this way a message has at most {n} characters.", why="way_text_long", n=carries.max_text)
        if files and not carries.max_file_bytes:
            raise Invalid("This way carries no files.", why="no_files")
        if carries.max_files is not None and len(files) > carries.max_files:
            raise Invalid("By this way a message has at most {n} files.", why="way_files_many", n=carries.max_files)
        big = next((f for f in files if f.size > carries.max_file_bytes), None)
        if big is not None:
            limit = carries.max_file_bytes // 2**20
            raise Invalid(
                "The file {name} is too large for this way: at most {limit} MiB.",
                why="way_file_large",
                name=big.name,
                limit=limit,
                file_id=big.id,
            )
        if (self.cc or self.bcc or self.to) and not carries.copies:
            raise Invalid("This way has no copies: everybody is written to apart.", why="no_copies")
        if words.buttons:
            self._must_carry_buttons(text, len(words.buttons), carries)
        if words.template and words.template not in {t.id for t in carries.templates}:
            raise Invalid("This account has no such template.", why="no_template")
        if not text.strip() and not files and not words.template:
            raise Invalid("The message is empty.", why="message_empty")

    def _must_carry_buttons(self, text: str, count: int, carries: Capabilities) -> None:
        if not carries.buttons:
            raise Invalid("This way carries no buttons.", why="no_buttons")
        if count > carries.buttons:
            raise Invalid("By this way a message has at most {n} buttons.", why="way_buttons_many", n=carries.buttons)
        if not text.strip():
            raise Invalid("Buttons need words above them.", why="buttons_bare")


def aim(tx: Tx, row: AnyRow, words: Addressed, directory: Directory | None) -> Aim:
    """Where a message of a conversation goes. Raises NotFound for no way of theirs, Invalid for a closed one."""
    identity_id, account_id = words.way or (row.identity_id, row.account_id)
    if directory is None:
        kind = row.channel if account_id == row.account_id else accounts.row(tx, account_id).kind
        return Aim(identity_id=identity_id, account_id=account_id, channel=kind, answers=not words.to)
    line = directory.get(account_id)
    if words.way is None and line is not None and not line.writes:
        # They called: the answer in writing takes another way.
        way = first_open(tx, directory, row)
        if way is None:
            raise Invalid("They can be called, but not written to.", why="only_called")
        identity_id, account_id = way.identity.id, way.account_id
    way = chosen(tx, directory, row, identity_id, account_id)
    to, cc, bcc = _named(words.to), _named(words.cc), _named(words.bcc)
    wanted = copies.letters(tx, row.id).wanted_at(identity_id) if way.carries.copies else []
    theirs = {way.identity.value, *(n.value for n in wanted)}
    answers = all(n.value in theirs for n in to)
    if answers:
        way.must_be_open(has_template=bool(words.template))
    to = to or ([] if words.template else wanted)
    return Aim(
        identity_id=_written_to(tx, row, way, (to, cc, bcc)),
        account_id=account_id,
        channel=way.channel,
        carries=None if way.why is Why.ACCOUNT_CLOSED else way.carries,
        to=[] if [n.value for n in to] == [way.identity.value] else to,
        cc=cc,
        bcc=bcc,
        answers=answers,
    )


def _written_to(tx: Tx, row: AnyRow, way: Way, named: tuple[list[Named], list[Named], list[Named]]) -> int:
    """The identity of the first it goes to; everybody named takes part from now on. Raises Invalid for a crowd."""
    people = [n.value for some in named for n in some]
    if len(people) > MOST_RECIPIENTS:
        raise Invalid("A message goes to at most {n} people.", why="recipients_many", n=MOST_RECIPIENTS)
    if not people:
        return way.identity.id
    seen = resolve_many(tx, [(email(value), "", {}) for value in people])
    participants.add(tx, row.id, [i.id for i in seen.values()])
    first = next((n.value for n in named[0]), way.identity.value)
    return way.identity.id if first == way.identity.value else seen[email(first)].id


def _named(addresses: Sequence[str]) -> list[Named]:
    """Addresses in their one spelling, each once. Raises Invalid, naming the one that is none."""
    found: dict[str, Named] = {}
    for given in addresses:
        try:
            value = email(given).value
        except Invalid as error:
            raise Invalid("{address} is not an e-mail address.", why="email_named", address=given[:80]) from error
        found.setdefault(value, Named(value=value))
    return list(found.values())
