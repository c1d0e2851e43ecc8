"""The API's table of contents: URL, handler, who may, what can go wrong. Who may *what* is told in words.permissions.

`WORK` is everybody of ours; the use cases behind the handlers check what depends on the thing itself.
"""

from __future__ import annotations

from typing import Final

from crm_core.words.errors import Conflict, Gone, NotSignedIn, TooMany
from crm_core.words.permissions import Permission
from hub.api import (
    accounts,
    agents,
    contacts,
    conversations,
    drafts,
    entries,
    offers,
    phrases,
    queues,
    search,
    sessions,
    uploads,
)
from hub.api.route import PUBLIC, Route, delete, get, patch, post, put

WORK: Final = Permission.WORK
WATCH: Final = Permission.WATCH_AGENTS
CONFIGURE: Final = Permission.CONFIGURE
CANNED: Final = Permission.EDIT_CANNED

ROUTES: Final[tuple[Route, ...]] = (
    post("/session", sessions.sign_in, PUBLIC, NotSignedIn, TooMany, keyed=False),
    get("/session", sessions.visit, PUBLIC),
    delete("/session", sessions.sign_out, WORK),
    post("/socket-tickets", sessions.make_socket_ticket, WORK, status=201, keyed=False),
    get("/me", sessions.me, WORK),
    patch("/me", sessions.change_me, WORK, Conflict),
    put("/me/password", sessions.change_password, WORK, TooMany, status=204),
    get("/sessions", sessions.my_sessions, WORK),
    delete("/sessions", sessions.end_other_sessions, WORK),
    delete("/sessions/{session_id}", sessions.end_session, WORK),
    get("/tokens", sessions.my_tokens, WORK),
    # Not keyed: a kept answer would keep the token.
    post("/tokens", sessions.make_token, WORK, status=201, keyed=False),
    delete("/tokens/{token_id}", sessions.end_token, WORK),
    get("/agents", agents.listed, WORK),
    post("/agents", agents.add, CONFIGURE, Conflict, TooMany, status=201),
    get("/agents/{agent_id}", agents.get, WORK),
    patch("/agents/{agent_id}", agents.change, CONFIGURE, Conflict),
    post("/agents/{agent_id}/disable", agents.disable, CONFIGURE, Conflict),
    post("/agents/{agent_id}/enable", agents.enable, CONFIGURE, Conflict),
    post("/agents/{agent_id}/sign-in-links", agents.make_link, CONFIGURE, status=201, keyed=False),
    put("/agents/{agent_id}/queues", agents.set_queues, CONFIGURE, Conflict),
    put("/agents/{agent_id}/activity", agents.set_activity, WORK, Conflict),
    get("/agents/{agent_id}/ledger", agents.ledger, WORK),
    get("/queues", queues.listed, WORK),
    post("/queues", queues.add, CONFIGURE, Conflict, status=201),
    get("/queues/{queue_id}", queues.get, WORK),
    patch("/queues/{queue_id}", queues.change, CONFIGURE, Conflict),
    get("/queues/{queue_id}/members", queues.members, WORK),
    put("/queues/{queue_id}/members", queues.set_members, CONFIGURE, Conflict),
    get("/conversations", conversations.page, WORK),
    get("/conversations/counts", conversations.counts, WORK),
    get("/conversations/{conversation_id}", conversations.get, WORK),
    post("/conversations/{conversation_id}/close", conversations.close, WORK, Conflict),
    post("/conversations/{conversation_id}/reopen", conversations.reopen, WORK, Conflict),
    post("/conversations/{conversation_id}/snooze", conversations.snooze, WORK, Conflict),
    post("/conversations/{conversation_id}/assign", conversations.assign, WORK, Conflict),
    put("/conversations/{conversation_id}/read", conversations.mark_read, WORK),
    put("/conversations/{conversation_id}/tags", conversations.set_tags, WORK),
    get("/conversations/{conversation_id}/routing", conversations.routing, WATCH),
    get("/conversations/{conversation_id}/entries", entries.page, WORK),
    post("/conversations/{conversation_id}/replies", entries.reply, WORK, Conflict, status=201),
    post("/conversations/{conversation_id}/notes", entries.note, WORK, Conflict, status=201),
    get("/conversations/{conversation_id}/identity", contacts.identity, WORK),
    post("/conversations/{conversation_id}/contact", contacts.make, WORK, Conflict, status=201),
    post("/entries/{entry_id}/retry", entries.retry, WORK, Conflict),
    get("/offers", offers.mine, WORK),
    post("/offers/{offer_id}/accept", offers.accept, WORK, Conflict, Gone),
    post("/offers/{offer_id}/decline", offers.decline, WORK, Conflict, Gone),
    get("/contacts", contacts.page, WORK),
    post("/contacts", contacts.add, WORK, Conflict, status=201),
    get("/contacts/{contact_id}", contacts.get, WORK),
    patch("/contacts/{contact_id}", contacts.change, WORK, Conflict),
    post("/contacts/{contact_id}/archive", contacts.archive, WORK),
    post("/contacts/{contact_id}/restore", contacts.restore, WORK),
    post("/contacts/{contact_id}/identities", contacts.add_identity, WORK, Conflict, status=201),
    put("/contacts/{contact_id}/identities/{identity_id}", contacts.attach_identity, WORK, Conflict),
    delete("/contacts/{contact_id}/identities/{identity_id}", contacts.detach_identity, WORK, status=200),
    get("/contacts/{contact_id}/links", contacts.links, WORK),
    post("/contacts/{contact_id}/links", contacts.link, WORK, status=201),
    delete("/contacts/{contact_id}/links/{link_id}", contacts.unlink, WORK, status=200),
    get("/drafts", drafts.mine, WORK),
    put("/conversations/{conversation_id}/drafts/{kind}", drafts.save, WORK, status=204),
    delete("/conversations/{conversation_id}/drafts/{kind}", drafts.clear, WORK),
    get("/canned", phrases.canned, WORK),
    post("/canned", phrases.add_canned, CANNED, Conflict, status=201),
    patch("/canned/{canned_id}", phrases.change_canned, CANNED, Conflict),
    delete("/canned/{canned_id}", phrases.delete_canned, CANNED, Conflict, status=200),
    post("/canned/{canned_id}/restore", phrases.restore_canned, CANNED, Conflict),
    get("/dispositions", phrases.dispositions, WORK),
    post("/dispositions", phrases.add_disposition, CONFIGURE, status=201),
    patch("/dispositions/{disposition_id}", phrases.change_disposition, CONFIGURE, Conflict),
    delete("/dispositions/{disposition_id}", phrases.delete_disposition, CONFIGURE, Conflict, status=200),
    post("/dispositions/{disposition_id}/restore", phrases.restore_disposition, CONFIGURE, Conflict),
    get("/channels", accounts.channels, CONFIGURE),
    get("/accounts", accounts.listed, CONFIGURE),
    post("/accounts", accounts.add, CONFIGURE, Conflict, status=201),
    get("/accounts/{account_id}", accounts.get, CONFIGURE),
    patch("/accounts/{account_id}", accounts.change, CONFIGURE, Conflict),
    get("/search", search.find, WORK),
    post("/files", uploads.add, WORK, status=201, keyed=False, form=True),
    get("/files/{file_id}", uploads.open_file, WORK, status=302),
)
