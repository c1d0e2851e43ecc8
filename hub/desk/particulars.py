"""What only some messages have, as their entry keeps it."""

from __future__ import annotations

from collections.abc import Iterable

from channels.contract import MessageArrived
from crm_core.conversations.joining import entry_known_as
from crm_core.store.transaction import Tx
from crm_core.words.content import Content, FileRef, Recipient
from crm_core.words.text import MAX_MESSAGE, one_line, storable
from crm_core.words.values import EntryDetails, Named, Pressable, Spot

MOST_NAMED = 100
"""Recipients that an entry names; a mail to more says so by its original."""
_NOTHING = EntryDetails()


def particulars(
    tx: Tx, account_id: int, event: MessageArrived, html: FileRef | None, *, is_cut: bool
) -> EntryDetails | None:
    """The details of an inbound message; none when it has nothing but its text. `is_cut`: not all of that fits."""
    content = event.content
    if _is_plain(content) and event.raw is None and html is None and not (event.in_reply_to or event.automatic):
        return None
    answers = event.in_reply_to or (event.references[0] if event.references else None)
    details = EntryDetails(
        subject=one_line(content.subject or "", most=500),
        folded=storable(content.folded)[:MAX_MESSAGE],
        html_file_id=None if html is None else html.id,
        raw_file_id=None if event.raw is None else event.raw.id,
        to=named(content.to),
        cc=named(content.cc),
        answer_to=named(_elsewhere(event)),
        buttons=[Pressable(text=storable(b.text), url=storable(b.url), key=storable(b.key)) for b in content.buttons],
        place=spot(content),
        reply_to_id=None if answers is None else entry_known_as(tx, account_id, answers),
        automatic=event.automatic,
        unverified=event.unverified,
        problem=content.problem or ("cut" if is_cut else ""),
    )
    return None if details == _NOTHING else details


def named(people: Iterable[Recipient]) -> list[Named]:
    """Recipients as they are shown."""
    return [Named(value=storable(p.value), name=one_line(p.name, most=80)) for p in list(people)[:MOST_NAMED]]


def spot(content: Content) -> Spot | None:
    """The place that was sent."""
    if content.place is None:
        return None
    place = content.place
    return Spot(latitude=place.latitude, longitude=place.longitude, title=one_line(place.title, most=200))


def _elsewhere(event: MessageArrived) -> list[Recipient]:
    """Where the answer is wanted, if not at the address it came from."""
    wanted = event.sender_facts.get("reply_to", "")
    return [Recipient(wanted)] if wanted else []


def _is_plain(content: Content) -> bool:
    return not (
        content.subject
        or content.folded
        or content.to
        or content.cc
        or content.buttons
        or content.place
        or content.problem
    )
