"""Drafts with their files: an agent drafts with what they uploaded themselves."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.conversations import drafts
from crm_core.files.actions import own_unused
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import AuthorKind, DraftExtras, DraftValue, EntryKind


def save(
    tx: Tx,
    actor: Actor,
    conversation_id: int,
    draft: tuple[EntryKind, str],
    file_ids: Sequence[int] = (),
    *,
    extras: DraftExtras | None = None,
) -> DraftValue | None:
    """Keep what the actor typed: (kind, text), and what a reply is besides; none when all that is nothing.

    Raises Denied, Invalid, NotFound for a conversation they may not read or a file that is not theirs to send.
    """
    actor.must(Permission.WORK)
    files = own_unused(tx, AuthorKind.AGENT, actor.agent_id, file_ids)
    return drafts.save_draft(tx, actor, conversation_id, draft, files, extras=extras)


def clear(tx: Tx, actor: Actor, conversation_id: int, kind: EntryKind) -> None:
    """Throw one's own draft away. Harmless when there is none."""
    actor.must(Permission.WORK)
    drafts.clear_draft(tx, actor, conversation_id, kind)
