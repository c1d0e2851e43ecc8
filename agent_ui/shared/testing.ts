// A hub in memory for tests of the socket: keeps a journal, tickets and open wires, and resumes as the real one does.

import { PROTOCOL } from './protocol.gen';
import type { AgentValue, AnyEvent, CallValue, ConversationValue, FromClient, FromServer, LegValue, QueueVoice, Snapshot } from './protocol.gen';
import { reduce } from './reduce';
import type { Surroundings, Wire } from './socket';

export function agent(id: number, changes: Partial<AgentValue> = {}): AgentValue {
  return {
    id,
    name: `Agent ${id}`,
    role: 'agent',
    activity: 'available',
    reason: '',
    activity_since: 0,
    missed_offer: false,
    present: false,
    queues: [],
    skills: {},
    units_used: 0,
    units_total: 100,
    idle_since: 0,
    wrap_up_until: null,
    call_device: 'browser',
    call_number: '',
    language: 'en',
    disabled: false,
    version: 1,
    ...changes,
  };
}

export function conversation(id: number, changes: Partial<ConversationValue> = {}): ConversationValue {
  return {
    id,
    status: 'open',
    who: 'Ada',
    channel: 'webchat',
    account_id: 1,
    identity_id: 1,
    contact_id: null,
    case_id: null,
    queue_id: null,
    assignee_id: 1,
    work_state: null,
    subject: '',
    preview: '',
    preview_author: 'contact',
    priority: 0,
    tags: [],
    opened_at: 0,
    last_activity_at: 0,
    last_entry_id: 0,
    last_inbound_id: 0,
    waiting_since: null,
    first_reply_at: null,
    snoozed_until: null,
    closed_at: null,
    disposition: null,
    contact_read_id: 0,
    agent_read_id: 0,
    entry_count: 0,
    version: 1,
    ...changes,
  };
}

export function leg(id: number, changes: Partial<LegValue> = {}): LegValue {
  return {
    id,
    role: 'agent',
    state: 'connected',
    mode: 'talk',
    agent_id: 1,
    address: '',
    name: '',
    device: 'tab',
    external_id: '',
    muted: false,
    away_since: null,
    asked_by: null,
    made_at: 0,
    since: 0,
    connected_at: 0,
    ended_at: null,
    until: null,
    ended_by: null,
    reason: '',
    talk: 0,
    wrap_up_until: null,
    wrap_up: 0,
    quality: '',
    ...changes,
  };
}

export function call(id: number, changes: Partial<CallValue> = {}): CallValue {
  return {
    id,
    conversation_id: 1,
    entry_id: 1,
    account_id: 1,
    channel: 'twilio',
    direction: 'in',
    state: 'talking',
    outcome: null,
    who: 'Ada',
    number: '+380671234567',
    line: '+441632960000',
    contact_id: null,
    identity_id: 1,
    queue_id: null,
    agent_id: 1,
    legs: [],
    recording: 'off',
    recordings: [],
    transfers: [],
    prompt: null,
    three_way: false,
    announces: false,
    started_at: 0,
    since: 0,
    queued_at: null,
    answered_at: null,
    ended_at: null,
    ring: 0,
    greet: 0,
    wait: 0,
    talk: 0,
    hold: 0,
    wrap_up: 0,
    position: null,
    estimate: null,
    ended_by: null,
    reason: '',
    disposition: null,
    note: '',
    wrap_up_mode: 'timeout',
    callback_of: null,
    chosen: [],
    cost: '',
    external_id: '',
    version: 1,
    ...changes,
  };
}

export const voice: QueueVoice = {
  offer_seconds: 20,
  wrap_up_seconds: 60,
  wrap_up_mode: 'timeout',
  disposition: '',
  announce_seconds: 60,
  callback: true,
  no_agents: 'queue',
  most_waiting: 0,
  steps: [],
  music_file_id: null,
};

export function emptySnapshot(): Snapshot {
  const me = agent(1);
  return {
    position: 0,
    me,
    agents: [me],
    queues: [],
    canned: [],
    dispositions: [],
    pipelines: [],
    accounts: [],
    mine: [],
    offers: [],
    calls: [],
    drafts: [],
    watched: [],
  };
}

/** One connection, seen from both ends. */
export class FakeWire implements Wire {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  isOpen = false;
  said: FromClient[] = [];
  #hub: FakeHub;

  constructor(hub: FakeHub) {
    this.#hub = hub;
  }

  send(data: string): void {
    if (!this.isOpen) throw new Error('not open');
    const frame = JSON.parse(data) as FromClient;
    this.said.push(frame);
    this.#hub.hear(this, frame);
  }

  close(): void {
    this.isOpen = false;
    this.#hub.wires.delete(this);
  }

  /** The hub says something. A wire whose network is gone silently loses it. */
  tell(frame: FromServer): void {
    if (this.isOpen && !this.#hub.isUnreachable) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The hub ends it. */
  end(code: number): void {
    this.close();
    this.onclose?.({ code });
  }
}

export class FakeHub implements Surroundings {
  time = 1_000_000;
  online = true;
  isSignedIn = true;
  isUnreachable = false;
  refuses = false;
  epoch = 'first';
  rights = 'agent';
  state: Snapshot = emptySnapshot();
  journal: { position: number; event: AnyEvent }[] = [];
  wires = new Set<FakeWire>();
  opened: FakeWire[] = [];
  openedAt: number[] = [];
  tickets = new Set<string>();
  #issued = 0;
  #wake: (() => void) | null = null;

  now = (): number => this.time;
  random = (): number => 1;
  isOnline = (): boolean => this.online;

  onWake = (wake: () => void): (() => void) => {
    this.#wake = wake;
    return () => (this.#wake = null);
  };

  ticket = async (): Promise<string | null> => {
    if (this.refuses) throw new Error('unreachable');
    if (!this.isSignedIn) return null;
    const text = `ticket ${(this.#issued += 1)}`;
    this.tickets.add(text);
    return text;
  };

  open = (): FakeWire => {
    const wire = new FakeWire(this);
    this.opened.push(wire);
    this.openedAt.push(this.time);
    queueMicrotask(() => {
      if (this.isUnreachable || this.refuses) {
        wire.end(1006);
        return;
      }
      wire.isOpen = true;
      this.wires.add(wire);
      wire.onopen?.(undefined as never);
    });
    return wire;
  };

  /** The page is looked at again, or the network is back. */
  wake(): void {
    this.#wake?.();
  }

  /** Something happens; everybody connected is told. */
  happen(event: AnyEvent): void {
    const position = (this.journal.at(-1)?.position ?? this.state.position) + 1;
    this.journal.push({ position, event });
    this.state = reduce(this.state, position, event);
    for (const wire of this.wires) wire.tell({ type: 'event', position, at: this.time, event });
  }

  hear(wire: FakeWire, frame: FromClient): void {
    if (frame.type === 'hello') this.#greet(wire, frame);
  }

  #greet(wire: FakeWire, hello: Extract<FromClient, { type: 'hello' }>): void {
    if (!this.tickets.delete(hello.ticket)) {
      wire.end(4401);
      return;
    }
    const { resume } = hello;
    const resumed = resume != null && resume.epoch === this.epoch && resume.rights === this.rights;
    wire.tell({
      type: 'ready',
      protocol: PROTOCOL,
      agent_id: 1,
      epoch: this.epoch,
      rights: this.rights,
      position: this.state.position,
      at: this.time,
      resumed,
      present: [1],
      heartbeat_ms: 20_000,
    });
    if (!resumed) {
      wire.tell({
        type: 'snapshot',
        epoch: this.epoch,
        rights: this.rights,
        at: this.time,
        snapshot: this.state,
      });
      return;
    }
    for (const { position, event } of this.journal) {
      if (position > resume.position) wire.tell({ type: 'event', position, at: this.time, event });
    }
  }
}
