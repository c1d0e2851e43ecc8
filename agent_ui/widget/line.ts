// The line to the hub: connects, says hello, comes back after every loss, and sends each message until it is confirmed.

import type { Keep, Unsent } from "./keep";
import type { ClientFrame, Hello, ServerFrame } from "./protocol";

export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  readyState: number;
  send(text: string): void;
  close(): void;
}

/** What of the world a line needs; tests hand in a world that keeps state. */
export interface World {
  connect(): SocketLike;
  later(run: () => void, ms: number): number;
  forget(timer: number): void;
  random(): number;
}

export type LineState = "connecting" | "open" | "waiting" | "closed";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const ALIVE_EVERY = 25_000;
/** Silence after a question that means that the line is dead. */
const ANSWER_WITHIN = 12_000;
const OPEN = 1;

export class Line {
  state: LineState = "closed";
  private socket: SocketLike | null = null;
  private pause = FIRST_PAUSE;
  private welcomed = false;
  private inFlight: string | null = null;
  private holdUntilTimer: number | null = null;
  private readonly timers = { back: 0, alive: 0, answer: 0 };

  constructor(
    private readonly world: World,
    private readonly keep: Keep,
    private readonly hello: () => Omit<Hello, "type" | "token">,
    private readonly heard: (frame: ServerFrame) => void,
    private readonly changed: () => void,
  ) {}

  /** Connect now, whatever pause was running. */
  open(): void {
    this.world.forget(this.timers.back);
    if (this.socket) return;
    this.become("connecting");
    const socket = this.world.connect();
    this.socket = socket;
    socket.onopen = () => {
      if (this.socket !== socket) return;
      this.put({ type: "hello", token: this.keep.token, ...this.hello() });
      this.expectAnswer();
    };
    socket.onmessage = (event) => {
      if (this.socket === socket && typeof event.data === "string") this.hear(event.data);
    };
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
    this.expectAnswer();
  }

  /** Hang up for good. */
  close(): void {
    this.world.forget(this.timers.back);
    this.drop();
    this.become("closed");
  }

  /** Hang up and say hello again: as somebody else, or after a sleep. */
  renew(): void {
    this.drop();
    this.pause = FIRST_PAUSE;
    this.open();
  }

  /** The browser says that it is back on the net, or was woken: ask at once whether the line still lives. */
  nudge(): void {
    if (this.state === "waiting") {
      this.pause = FIRST_PAUSE;
      this.open();
    } else if (this.welcomed) {
      this.ask();
    }
  }

  /** Say something that need not survive: typing, marks. Nothing happens while the line is down. */
  say(frame: ClientFrame): void {
    if (this.welcomed) this.put(frame);
  }

  /** Write a message. It is kept until the hub confirms it; a line that waits to call again calls at once. */
  write(message: Unsent): void {
    this.keep.add(message);
    if (this.state === "waiting") this.nudge();
    else this.flush();
  }

  /** Try a refused message once more, as a new one: its old id may stand for other words. */
  again(id: string, fresh: string): void {
    const message = this.keep.unsent.find((m) => m.id === id);
    if (!message) return;
    this.keep.settle(id);
    this.write({ ...message, id: fresh, failed: undefined });
  }

  /** Send the first message that waits. One at a time, so that they arrive in order. */
  private flush(): void {
    if (!this.welcomed || this.inFlight || this.holdUntilTimer !== null) return;
    const next = this.keep.unsent.find((m) => !m.failed);
    if (!next) return;
    this.inFlight = next.id;
    this.put({
      type: "send",
      client_message_id: next.id,
      text: next.text,
      files: next.files.map((f) => f.id),
      ...(next.profile ? { profile: next.profile } : {}),
    });
    this.expectAnswer();
  }

  private hear(text: string): void {
    let frame: ServerFrame;
    try {
      frame = JSON.parse(text) as ServerFrame;
    } catch {
      return;
    }
    this.world.forget(this.timers.answer);
    this.timers.answer = 0;
    if (frame.type === "welcome") {
      this.keep.welcomed(frame.token, frame.visitor);
      this.welcomed = true;
      this.pause = FIRST_PAUSE;
      this.become("open");
      this.beat();
    } else if (frame.type === "ack") {
      this.keep.settle(frame.client_message_id);
      if (this.inFlight === frame.client_message_id) this.inFlight = null;
    } else if (frame.type === "problem" && frame.client_message_id) {
      this.refused(frame.client_message_id, frame.code, frame.after_ms);
    }
    this.heard(frame);
    this.flush();
  }

  private refused(id: string, code: string, afterMs: number | null): void {
    if (this.inFlight === id) this.inFlight = null;
    if (afterMs === null) {
      this.keep.fail(id, code);
      return;
    }
    this.holdUntilTimer = this.world.later(() => {
      this.holdUntilTimer = null;
      this.flush();
    }, afterMs);
  }

  private beat(): void {
    this.world.forget(this.timers.alive);
    this.timers.alive = this.world.later(() => {
      this.ask();
      this.beat();
    }, ALIVE_EVERY);
  }

  private ask(): void {
    this.put({ type: "alive" });
    this.expectAnswer();
  }

  private expectAnswer(): void {
    if (this.timers.answer) return;
    this.timers.answer = this.world.later(() => this.lost(), ANSWER_WITHIN);
  }

  private put(frame: ClientFrame): void {
    if (this.socket?.readyState === OPEN) this.socket.send(JSON.stringify(frame));
  }

  private lost(): void {
    this.drop();
    this.become("waiting");
    const wait = this.pause * (0.5 + this.world.random() / 2);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.timers.back = this.world.later(() => this.open(), wait);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.welcomed = false;
    this.inFlight = null;
    this.world.forget(this.timers.alive);
    this.world.forget(this.timers.answer);
    this.timers.answer = 0;
    if (this.holdUntilTimer !== null) this.world.forget(this.holdUntilTimer);
    this.holdUntilTimer = null;
    socket?.close();
  }

  private become(state: LineState): void {
    if (this.state === state) return;
    this.state = state;
    this.changed();
  }
}
