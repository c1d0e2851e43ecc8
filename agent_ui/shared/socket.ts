// The console's live connection: comes back by itself, goes on where it was, tells every event once and in order.

import { CloseCode, PROTOCOL } from './protocol.gen';
import type { FromClient, FromServer, Hello, Snapshot } from './protocol.gen';
import { apply, showOnly } from './reduce';

/**
 * `live`: everything that happens arrives. `connecting`, `waiting`: it will come back by itself. `offline`: the device has
 * no network. `signed_out`: a person has to sign in. `outdated`: the page has to be loaded anew. `idle`: not started.
 */
export type SocketState = 'idle' | 'connecting' | 'live' | 'waiting' | 'offline' | 'signed_out' | 'outdated';

/** What is used of a WebSocket. */
export interface Wire {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

/** What the page around the socket knows: the time, chance, and the network. */
export interface Surroundings {
  now(): number;
  random(): number;
  isOnline(): boolean;
  /** Calls back when the network is back or the page is looked at again; the answer ends it. */
  onWake(wake: () => void): () => void;
  open(url: string): Wire;
}

export interface SocketOptions {
  url: string;
  /** A fresh ticket; null when the session is over. Rejecting means: try again later. */
  ticket: () => Promise<string | null>;
  /** Every frame once and in order, after it was applied to the snapshot. */
  onFrame: (frame: FromServer, snapshot: Snapshot | null) => void;
  onState: (state: SocketState) => void;
  surroundings?: Surroundings;
}

export const HELLO_MS = 15_000;
/** Two heartbeats and a little without a frame: the connection is dead, whatever it says. */
export const SILENCE_MS = 45_000;
export const CHECK_MS = 5_000;
export const FIRST_WAIT_MS = 500;
export const LONGEST_WAIT_MS = 15_000;
/** A connection that held this long was good: the next wait is short again. */
export const GOOD_MS = 10_000;
/** While somebody types, the others are told again this often; they forget it a little later. */
export const TYPING_MS = 3_000;

export class LiveSocket {
  state: SocketState = 'idle';
  snapshot: Snapshot | null = null;
  /** How far the server's clock is ahead of this one, in milliseconds. */
  clockAhead = 0;

  #options: SocketOptions;
  #around: Surroundings;
  #wire: Wire | null = null;
  #turn = 0;
  #position = 0;
  #epoch = '';
  #rights = '';
  #watching: number[] = [];
  #attempts = 0;
  #heard = 0;
  #liveSince = 0;
  #returnAfter: number | null = null;
  #typing: { conversation: number; kind: string; at: number } | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #check: ReturnType<typeof setInterval> | undefined;
  #endWake: (() => void) | null = null;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#around = options.surroundings ?? browser();
  }

  /** Connect, and stay connected. Call it again after signing in anew. */
  start(): void {
    if (this.#check === undefined) {
      this.#check = setInterval(() => this.#lookForSilence(), CHECK_MS);
      this.#endWake = this.#around.onWake(() => this.wake());
    }
    if (this.state === 'idle' || this.state === 'signed_out') void this.#connect();
  }

  /** Let go, for good or until `start`. */
  stop(): void {
    clearInterval(this.#check);
    this.#check = undefined;
    this.#endWake?.();
    this.#drop();
    this.#enter('idle');
  }

  /** The network may be back: do not wait any longer. */
  wake(): void {
    if (this.state === 'waiting' || this.state === 'offline') void this.#connect();
    else this.#lookForSilence();
  }

  /** This conversation is on the screen; null when none is. A `watched` or `gone` frame answers. */
  watch(conversationId: number | null): void {
    this.#watching = conversationId === null ? [] : [conversationId];
    this.#typing = null;
    if (this.snapshot) this.snapshot = showOnly(this.snapshot, this.#watching);
    this.#say({ type: 'watch', conversation_id: conversationId });
  }

  /** The agent types in the conversation on the screen, or stopped. May be called at every key. */
  typing(conversationId: number, on: boolean, kind: 'message' | 'note' = 'message'): void {
    const last = this.#typing;
    const same = last !== null && last.conversation === conversationId && last.kind === kind;
    if (on && same && this.#around.now() - last.at < TYPING_MS) return;
    if (!on && last === null) return;
    this.#typing = on ? { conversation: conversationId, kind, at: this.#around.now() } : null;
    this.#say({ type: 'typing', conversation_id: conversationId, on, kind });
  }

  async #connect(): Promise<void> {
    this.#drop();
    if (!this.#around.isOnline()) {
      this.#enter('offline');
      return;
    }
    const turn = this.#turn;
    this.#enter('connecting');
    let ticket: string | null;
    try {
      ticket = await this.#options.ticket();
    } catch {
      if (turn === this.#turn) this.#wait();
      return;
    }
    if (turn !== this.#turn) return;
    if (ticket === null) {
      this.#drop();
      this.#enter('signed_out');
      return;
    }
    this.#open(turn, ticket);
  }

  #open(turn: number, ticket: string): void {
    const wire = this.#around.open(this.#options.url);
    this.#wire = wire;
    this.#heard = this.#around.now();
    this.#retry = setTimeout(() => turn === this.#turn && this.#wait(), HELLO_MS);
    wire.onopen = () => {
      if (turn === this.#turn) this.#say(this.#hello(ticket));
    };
    wire.onmessage = (event) => {
      if (turn === this.#turn && typeof event.data === 'string') this.#take(JSON.parse(event.data) as FromServer);
    };
    wire.onclose = (event) => {
      if (turn === this.#turn) this.#closed(event.code);
    };
    wire.onerror = () => undefined;
  }

  #hello(ticket: string): Hello {
    const hello: Hello = { type: 'hello', ticket, protocol: PROTOCOL, watching: this.#watching };
    if (this.snapshot) hello.resume = { position: this.#position, epoch: this.#epoch, rights: this.#rights };
    return hello;
  }

  #take(frame: FromServer): void {
    this.#heard = this.#around.now();
    switch (frame.type) {
      case 'event':
        if (frame.position <= this.#position) return;
        this.#position = frame.position;
        break;
      case 'ready':
        this.#epoch = frame.epoch;
        this.#rights = frame.rights;
        this.clockAhead = frame.at - this.#around.now();
        break;
      case 'snapshot':
        this.#epoch = frame.epoch;
        this.#rights = frame.rights;
        this.#position = frame.snapshot.position;
        break;
      case 'position':
        this.#position = Math.max(this.#position, frame.position);
        this.#say({ type: 'alive' });
        break;
      case 'watched':
        if (!this.#watching.includes(frame.watched.conversation.id)) return;
        break;
      case 'restarting':
        this.#returnAfter = frame.after_ms;
        break;
    }
    if (frame.type === 'snapshot') this.snapshot = showOnly(frame.snapshot, this.#watching);
    else if (this.snapshot) this.snapshot = apply(this.snapshot, frame);
    this.#options.onFrame(frame, this.snapshot);
    if (frame.type === 'snapshot' || (frame.type === 'ready' && frame.resumed)) this.#arrived();
  }

  #arrived(): void {
    clearTimeout(this.#retry);
    this.#liveSince = this.#around.now();
    this.#returnAfter = null;
    this.#enter('live');
  }

  #closed(code: number): void {
    if (code === CloseCode.OLD_PROTOCOL) {
      this.#drop();
      this.#enter('outdated');
    } else {
      // Also after SIGNED_OUT: whether the session is over is for the next ticket to say.
      this.#wait();
    }
  }

  #wait(): void {
    if (this.state === 'live' && this.#around.now() - this.#liveSince >= GOOD_MS) this.#attempts = 0;
    this.#drop();
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#attempts);
    const delay = this.#returnAfter ?? longest * (0.5 + this.#around.random() / 2);
    this.#attempts = Math.min(this.#attempts + 1, 10);
    this.#returnAfter = null;
    this.#enter(this.#around.isOnline() ? 'waiting' : 'offline');
    this.#retry = setTimeout(() => void this.#connect(), delay);
  }

  /** Timers sleep with the laptop: what counts is the clock, looked at when they wake. */
  #lookForSilence(): void {
    if (this.#wire !== null && this.#around.now() - this.#heard > SILENCE_MS) {
      this.#drop();
      void this.#connect();
    }
  }

  #drop(): void {
    this.#turn += 1;
    clearTimeout(this.#retry);
    const wire = this.#wire;
    this.#wire = null;
    this.#typing = null;
    wire?.close();
  }

  #say(frame: FromClient): void {
    if (this.#wire === null || (frame.type !== 'hello' && this.state !== 'live' && frame.type !== 'alive')) return;
    try {
      this.#wire.send(JSON.stringify(frame));
    } catch {
      // A socket that is not open yet, or no more, takes nothing; hello repeats what matters.
    }
  }

  #enter(state: SocketState): void {
    if (this.state === state) return;
    this.state = state;
    this.#options.onState(state);
  }
}

function browser(): Surroundings {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    isOnline: () => navigator.onLine,
    onWake(wake) {
      const looked = (): void => {
        if (document.visibilityState === 'visible') wake();
      };
      window.addEventListener('online', wake);
      window.addEventListener('focus', wake);
      document.addEventListener('visibilitychange', looked);
      return () => {
        window.removeEventListener('online', wake);
        window.removeEventListener('focus', wake);
        document.removeEventListener('visibilitychange', looked);
      };
    },
    open: (url) => new WebSocket(url) as unknown as Wire,
  };
}
