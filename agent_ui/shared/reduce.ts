// What an event does to a snapshot: the same as hub/console/reducer.py, proved over the same cases
// (tests/cases/live). Values are whole and events come in order, so applying one twice is harmless.

import { WATCHED_ENTRIES } from './protocol.gen';
import type {
  AgentValue,
  AnyEvent,
  CallValue,
  ContactValue,
  ConversationValue,
  DraftChanged,
  DraftValue,
  EntryValue,
  FromServer,
  LegValue,
  OfferValue,
  QueueValue,
  Snapshot,
  Watched,
} from './protocol.gen';

/** The snapshot after a frame. Frames that carry nothing for it leave it as it is, the same object. */
export function apply(snapshot: Snapshot, frame: FromServer): Snapshot {
  switch (frame.type) {
    case 'snapshot':
      return frame.snapshot;
    case 'event':
      return reduce(snapshot, frame.position, frame.event);
    case 'gone':
      return lose(snapshot, frame.position, frame.conversation_id);
    case 'case_gone':
      return { ...snapshot, position: Math.max(frame.position, snapshot.position) };
    case 'watched':
      return show(snapshot, frame.position, frame.watched);
    case 'presence':
      return see(see(snapshot, frame.came, true), frame.left, false);
    case 'ready':
      return frame.resumed ? seeOnly(snapshot, frame.present) : snapshot;
    default:
      return snapshot;
  }
}

/** The snapshot after an event. One that it holds already changes nothing. */
export function reduce(snapshot: Snapshot, position: number, event: AnyEvent): Snapshot {
  if (position <= snapshot.position) return snapshot;
  return { ...after(snapshot, event), position };
}

/** The snapshot after `gone`: the agent may not read this conversation any more. */
export function lose(snapshot: Snapshot, position: number, conversationId: number): Snapshot {
  return {
    ...snapshot,
    position: Math.max(position, snapshot.position),
    mine: snapshot.mine.filter((c) => c.id !== conversationId),
    watched: snapshot.watched.filter((w) => w.conversation.id !== conversationId),
  };
}

/** The snapshot with a conversation that was opened. */
export function show(snapshot: Snapshot, position: number, watched: Watched): Snapshot {
  const rest = snapshot.watched.filter((w) => w.conversation.id !== watched.conversation.id);
  return { ...snapshot, position: Math.max(position, snapshot.position), watched: [...rest, watched] };
}

/** The snapshot with only these conversations open. */
export function showOnly(snapshot: Snapshot, conversationIds: readonly number[]): Snapshot {
  const watched = snapshot.watched.filter((w) => conversationIds.includes(w.conversation.id));
  return watched.length === snapshot.watched.length ? snapshot : { ...snapshot, watched };
}

/** The snapshot after agents came or left. */
export function see(snapshot: Snapshot, agentIds: readonly number[], present: boolean): Snapshot {
  if (agentIds.length === 0) return snapshot;
  const ids = new Set(agentIds);
  const seen = (agent: AgentValue): AgentValue => (ids.has(agent.id) ? { ...agent, present } : agent);
  return { ...snapshot, me: seen(snapshot.me), agents: snapshot.agents.map(seen) };
}

function seeOnly(snapshot: Snapshot, agentIds: readonly number[]): Snapshot {
  const ids = new Set(agentIds);
  const seen = (agent: AgentValue): AgentValue =>
    ids.has(agent.id) === agent.present ? agent : { ...agent, present: ids.has(agent.id) };
  return { ...snapshot, me: seen(snapshot.me), agents: snapshot.agents.map(seen) };
}

function after(snapshot: Snapshot, event: AnyEvent): Snapshot {
  switch (event.type) {
    case 'EntryAdded':
    case 'EntryChanged':
      return withEntry(withConversation(snapshot, event.conversation), event.entry);
    case 'ConversationChanged':
      return withConversation(snapshot, event.conversation);
    case 'OfferChanged':
      return withOffer(snapshot, event.offer);
    case 'DraftChanged':
      return withDraft(snapshot, event);
    case 'CallChanged':
      return { ...snapshot, calls: put(snapshot.calls, event.call, id, takesPart(event.call, snapshot.me.id)) };
    case 'ContactChanged':
      return withContact(snapshot, event.contact, event.conversation_ids);
    case 'AgentChanged':
      return withAgent(snapshot, event.agent);
    case 'QueueChanged':
      return { ...snapshot, queues: put(snapshot.queues, settled(event.queue), id, !event.queue.archived) };
    case 'CannedChanged':
      return { ...snapshot, canned: put(snapshot.canned, event.canned, id, !event.canned.deleted) };
    case 'DispositionChanged': {
      const one = event.disposition;
      return { ...snapshot, dispositions: put(snapshot.dispositions, one, id, !one.deleted) };
    }
    case 'PipelineChanged':
      return { ...snapshot, pipelines: put(snapshot.pipelines, event.pipeline, id, !event.pipeline.archived) };
    case 'AccountChanged':
      return { ...snapshot, accounts: put(snapshot.accounts, event.account, id, true) };
    default:
      return snapshot;
  }
}

function withConversation(snapshot: Snapshot, conversation: ConversationValue): Snapshot {
  const isMine = conversation.assignee_id === snapshot.me.id && conversation.status !== 'closed';
  return {
    ...snapshot,
    mine: put(snapshot.mine, conversation, id, isMine),
    watched: snapshot.watched.map((w) => {
      if (w.conversation.id !== conversation.id) return w;
      const contact = w.contact !== null && w.contact.id !== conversation.contact_id ? null : w.contact;
      return { ...w, conversation, contact };
    }),
  };
}

function withEntry(snapshot: Snapshot, entry: EntryValue): Snapshot {
  const watched = snapshot.watched.map((w) => {
    if (w.conversation.id !== entry.conversation_id) return w;
    const oldest = w.entries[0];
    const isOlder = w.entries.length >= WATCHED_ENTRIES && oldest !== undefined && entry.id < oldest.id;
    return { ...w, entries: put(w.entries, entry, id, !isOlder).slice(-WATCHED_ENTRIES) };
  });
  return { ...snapshot, watched };
}

function withOffer(snapshot: Snapshot, offer: OfferValue): Snapshot {
  if (offer.agent_id !== snapshot.me.id) return snapshot;
  return { ...snapshot, offers: put(snapshot.offers, offer, id, offer.state === 'pending') };
}

function withDraft(snapshot: Snapshot, event: DraftChanged): Snapshot {
  if (event.draft === null) {
    const isGone = (d: DraftValue) => d.conversation_id === event.conversation_id && d.kind === event.kind;
    return { ...snapshot, drafts: snapshot.drafts.filter((d) => !isGone(d)) };
  }
  return { ...snapshot, drafts: put(snapshot.drafts, event.draft, draftKey, true) };
}

function withContact(snapshot: Snapshot, contact: ContactValue, conversationIds: readonly number[]): Snapshot {
  const watched = snapshot.watched.map((w) => {
    if (!conversationIds.includes(w.conversation.id) && w.conversation.contact_id !== contact.id) return w;
    const conversation = { ...w.conversation, contact_id: contact.id };
    // Closed conversations change hands and names with their contact and have no event of their own.
    if (conversation.status === 'closed' && contact.root_id === null) conversation.who = contact.name;
    return { ...w, contact, conversation };
  });
  return { ...snapshot, watched };
}

function withAgent(snapshot: Snapshot, agent: AgentValue): Snapshot {
  const present = snapshot.agents.some((a) => a.id === agent.id && a.present);
  const shown: AgentValue = { ...agent, units_used: 0, present };
  const me = agent.id === snapshot.me.id ? shown : snapshot.me;
  return { ...snapshot, me, agents: put(snapshot.agents, shown, id, true) };
}

/** Whether an agent is in a call, asked into it, or writing it down. */
export function takesPart(call: CallValue, agentId: number): boolean {
  return call.legs.some((leg) => leg.agent_id === agentId && (leg.state !== 'ended' || isWrapping(leg)));
}

/** Whether an agent who is out of a call still writes it down. */
export function isWrapping(leg: LegValue): boolean {
  return leg.state === 'ended' && leg.wrap_up_until !== null && leg.wrap_up === 0;
}

function settled(queue: QueueValue): QueueValue {
  return { ...queue, waiting: 0, longest_since: null };
}

function id(value: { id: number }): number {
  return value.id;
}

/** Ids have at most 16 digits, so padded they sort as texts too. */
function draftKey(draft: DraftValue): string {
  return `${String(draft.conversation_id).padStart(16, '0')} ${draft.kind}`;
}

/** The list, ordered by key, with the value in the place of its older self; without either unless `keep`. */
function put<V>(values: readonly V[], value: V, key: (value: V) => number | string, keep: boolean): V[] {
  const mine = key(value);
  const rest = values.filter((v) => key(v) !== mine);
  if (!keep) return rest;
  const found = rest.findIndex((v) => key(v) > mine);
  const at = found < 0 ? rest.length : found;
  return [...rest.slice(0, at), value, ...rest.slice(at)];
}
