import { beforeEach, describe, expect, it } from "vitest";
import { forgetful, Keep, type Shelf } from "./keep";
import { Line, type SocketLike, type World } from "./line";
import type { ClientFrame, ServerFrame, ShownEntry } from "./protocol";
import { nothing, reduce, type State } from "./state";

/** The hub: keeps what it was sent, confirms it, and loses lines on demand. */
class Hub {
  stored: { id: number; key: string; text: string }[] = [];
  sockets: FakeSocket[] = [];
  reachable = true;
  /** Frames of this type are stored, and then the line breaks before the answer. */
  breaksAfter: string | null = null;
  refuse: { code: string; after_ms: number | null } | null = null;
  silent = false;
  visitor = "v1";
  helloTokens: (string | null | undefined)[] = [];

  take(socket: FakeSocket, frame: ClientFrame): void {
    if (this.silent) return;
    if (frame.type === "hello") {
      this.helloTokens.push(frame.token);
      socket.tell({
        type: "welcome",
        token: frame.token ? null : `token-${this.visitor}`,
        visitor: this.visitor,
        name: "",
        verified: false,
        entries: this.stored.map(shown),
        has_more: false,
        conversation: null,
        queue_position: null,
        available: true,
    call: null,
      });
    } else if (frame.type === "send") {
      if (this.refuse) return socket.tell({ type: "problem", client_message_id: frame.client_message_id, ...this.refuse });
      let known = this.stored.find((s) => s.key === frame.client_message_id);
      if (!known) this.stored.push((known = { id: this.stored.length + 1, key: frame.client_message_id, text: frame.text ?? "" }));
      if (this.breaksAfter === "send") {
        this.breaksAfter = null;
        return socket.break();
      }
      socket.tell({ type: "ack", client_message_id: known.key, entry: shown(known) });
    } else if (frame.type === "alive") socket.tell({ type: "alive" });
  }
}

function shown(stored: { id: number; key: string; text: string }): ShownEntry {
  return { id: stored.id, mine: true, at: stored.id, name: "", text: stored.text, files: [], client_message_id: stored.key };
}

class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readyState = 0;
  constructor(
    private readonly hub: Hub,
    private readonly time: Time,
  ) {
    time.later(() => (hub.reachable ? this.opened() : this.break()), 1);
  }
  private opened(): void {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.onopen?.();
  }
  send(text: string): void {
    if (this.readyState !== 1) throw new Error("The socket is not open.");
    this.time.later(() => this.readyState === 1 && this.hub.take(this, JSON.parse(text) as ClientFrame), 1);
  }
  tell(frame: ServerFrame): void {
    this.time.later(() => this.readyState === 1 && this.onmessage?.({ data: JSON.stringify(frame) }), 1);
  }
  break(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code: 1006 });
  }
  close(): void {
    this.readyState = 3;
  }
}

/** Time that passes when a test says so. */
class Time {
  now = 0;
  private next = 1;
  private readonly due = new Map<number, { at: number; run: () => void }>();
  later(run: () => void, ms: number): number {
    this.due.set(this.next, { at: this.now + ms, run });
    return this.next++;
  }
  forget(timer: number): void {
    this.due.delete(timer);
  }
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const first = [...this.due].filter(([, d]) => d.at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
      if (!first) break;
      this.due.delete(first[0]);
      this.now = Math.max(this.now, first[1].at);
      first[1].run();
    }
    this.now = end;
  }
}

describe("the line", () => {
  let hub: Hub;
  let time: Time;
  let shelf: Shelf;
  let states: State[];

  /** A page that is loaded: the same shelf is the same browser. */
  function load(who = ""): { line: Line; keep: Keep; shows: () => string[] } {
    const keep = new Keep(shelf, "key");
    keep.be(who);
    let state = nothing;
    const world: World = {
      connect: () => {
        const socket = new FakeSocket(hub, time);
        hub.sockets.push(socket);
        return socket;
      },
      later: (run, ms) => time.later(run, ms),
      forget: (timer) => time.forget(timer),
      random: () => 1,
    };
    const line = new Line(world, keep, () => ({}), (frame) => states.push((state = reduce(state, frame))), () => undefined);
    line.open();
    const shows = () => {
      const there = new Set(state.entries.map((e) => e.client_message_id));
      return [...state.entries.map((e) => e.text), ...keep.unsent.filter((m) => !there.has(m.id)).map((m) => m.text)];
    };
    return { line, keep, shows };
  }

  function message(id: string, text: string) {
    return { id: `message-${id}`, text, files: [], at: time.now };
  }

  beforeEach(() => {
    hub = new Hub();
    time = new Time();
    shelf = forgetful();
    states = [];
  });

  it("keeps the token it was given and says it the next time", () => {
    load();
    time.pass(100);
    load();
    time.pass(100);
    expect(hub.helloTokens).toEqual([null, "token-v1"]);
  });

  it("sends what was written while there was no line, in order, once", () => {
    hub.reachable = false;
    const page = load();
    for (const n of ["1", "2", "3"]) page.line.write(message(n, `text ${n}`));
    time.pass(60_000);
    expect(hub.stored).toEqual([]);
    hub.reachable = true;
    time.pass(60_000);
    expect(hub.stored.map((s) => s.text)).toEqual(["text 1", "text 2", "text 3"]);
    expect(page.keep.unsent).toEqual([]);
  });

  it("sends again what was stored when the confirmation was lost, and it is there once", () => {
    const page = load();
    time.pass(100);
    hub.breaksAfter = "send";
    page.line.write(message("1", "hello"));
    time.pass(60_000);
    expect(hub.stored.map((s) => s.text)).toEqual(["hello"]);
    expect(page.shows()).toEqual(["hello"]);
    expect(page.keep.unsent).toEqual([]);
  });

  it("survives a reload between writing and sending", () => {
    hub.reachable = false;
    const before = load();
    before.line.write(message("1", "written before the reload"));
    before.line.close();
    hub.reachable = true;
    const after = load();
    time.pass(1_000);
    expect(hub.stored.map((s) => s.text)).toEqual(["written before the reload"]);
    expect(after.shows()).toEqual(["written before the reload"]);
  });

  it("keeps messages in order when the hub asks it to wait", () => {
    const page = load();
    time.pass(100);
    hub.refuse = { code: "too_many", after_ms: 500 };
    page.line.write(message("1", "one"));
    page.line.write(message("2", "two"));
    time.pass(100);
    hub.refuse = null;
    time.pass(2_000);
    expect(hub.stored.map((s) => s.text)).toEqual(["one", "two"]);
  });

  it("shows a refusal that trying again does not change, and goes on with the next message", () => {
    const page = load();
    time.pass(100);
    hub.refuse = { code: "conflict", after_ms: null };
    page.line.write(message("1", "one"));
    time.pass(100);
    hub.refuse = null;
    page.line.write(message("2", "two"));
    time.pass(100);
    expect(page.keep.unsent.map((m) => [m.text, m.failed])).toEqual([["one", "conflict"]]);
    page.line.again("message-1", "message-3");
    time.pass(100);
    expect(hub.stored.map((s) => [s.key, s.text])).toEqual([
      ["message-2", "two"],
      ["message-3", "one"],
    ]);
    expect(page.keep.unsent).toEqual([]);
  });

  it("notices a line that is dead without saying so", () => {
    const page = load();
    time.pass(100);
    hub.silent = true;
    time.pass(40_000);
    expect(hub.sockets.length).toBeGreaterThan(1);
    hub.silent = false;
    time.pass(60_000);
    expect(page.line.state).toBe("open");
  });

  it("comes back at once when the browser is back on the net", () => {
    hub.reachable = false;
    const page = load();
    time.pass(120_000);
    hub.reachable = true;
    page.line.nudge();
    time.pass(10);
    expect(page.line.state).toBe("open");
  });

  it("calls at once when somebody writes while it waits to call again", () => {
    hub.reachable = false;
    const page = load();
    time.pass(120_000);
    hub.reachable = true;
    page.line.write(message("1", "still there?"));
    time.pass(100);
    expect(page.line.state).toBe("open");
    expect(hub.stored.map((s) => s.text)).toEqual(["still there?"]);
  });

  it("waits longer after each failure, and never more than half a minute", () => {
    hub.reachable = false;
    load();
    time.pass(600_000);
    expect(hub.sockets.length).toBeLessThan(30);
    const tried = hub.sockets.length;
    time.pass(31_000);
    expect(hub.sockets.length).toBeGreaterThan(tried);
  });

  it("never sends what one person wrote as another", () => {
    hub.reachable = false;
    const anna = load("anna");
    anna.line.write(message("1", "I am Anna"));
    anna.line.close();
    hub.reachable = true;
    hub.visitor = "v2";
    const boris = load("boris");
    time.pass(1_000);
    expect(boris.shows()).toEqual([]);
    expect(hub.stored).toEqual([]);
    boris.line.close();
    hub.visitor = "v1";
    load("anna");
    time.pass(1_000);
    expect(hub.stored.map((s) => s.text)).toEqual(["I am Anna"]);
  });

  it("shows the hub the token of whoever was here before, so that it dies", () => {
    load("anna").line;
    time.pass(100);
    hub.visitor = "v2";
    load("boris");
    time.pass(100);
    expect(hub.helloTokens).toEqual([null, "token-v1"]);
  });

  it("drops what it kept when the hub says that this is somebody else", () => {
    hub.reachable = false;
    const page = load();
    page.keep.welcomed("old", "v-old");
    page.line.write(message("1", "of the old one"));
    hub.reachable = true;
    time.pass(60_000);
    expect(hub.stored).toEqual([]);
    expect(page.keep.unsent).toEqual([]);
  });

  it("shares its unsent messages with other tabs without doubling them", () => {
    hub.reachable = false;
    const one = load();
    const two = load();
    one.line.write(message("1", "from one"));
    two.line.write(message("2", "from two"));
    hub.reachable = true;
    time.pass(120_000);
    expect(hub.stored.map((s) => s.text).sort()).toEqual(["from one", "from two"]);
    expect(one.keep.unsent).toEqual([]);
  });

  it("goes on without memory when the browser's storage is full", () => {
    const full: Shelf = { getItem: () => null, setItem: () => { throw new Error("QuotaExceededError"); }, removeItem: () => undefined };
    shelf = full;
    const page = load();
    time.pass(100);
    page.line.write(message("1", "hello"));
    time.pass(1_000);
    expect(hub.stored.map((s) => s.text)).toEqual(["hello"]);
    expect(page.keep.unsent).toEqual([]);
  });
});

describe("what the chat shows", () => {
  const entry = (id: number, mine = false): ShownEntry => ({ id, mine, at: id, name: "", text: `m${id}`, files: [], client_message_id: null });
  const welcome = (entries: ShownEntry[], has_more = false, visitor = "v"): ServerFrame => ({
    type: "welcome", token: null, visitor, name: "", verified: false, entries, has_more, conversation: null, queue_position: null, available: true, call: null,
  });
  const ids = (state: State) => state.entries.map((e) => e.id);

  it("has an entry that comes twice once", () => {
    let state = reduce(nothing, welcome([entry(1)]));
    for (const frame of [entry(2), entry(2), entry(1)]) state = reduce(state, { type: "entry", entry: frame });
    expect(ids(state)).toEqual([1, 2]);
  });

  it("keeps the pages read before when it comes back", () => {
    let state = reduce(nothing, welcome([entry(5), entry(6)], true));
    state = reduce(state, { type: "history", entries: [entry(3), entry(4)], has_more: true });
    state = reduce(state, welcome([entry(6), entry(7)], true));
    expect(ids(state)).toEqual([3, 4, 5, 6, 7]);
    expect(state.hasMore).toBe(true);
  });

  it("begins anew when so much happened that there would be a gap", () => {
    let state = reduce(nothing, welcome([entry(1), entry(2)]));
    state = reduce(state, welcome([entry(90), entry(91)], true));
    expect(ids(state)).toEqual([90, 91]);
    expect(state.hasMore).toBe(true);
  });

  it("shows nothing of one visitor to another", () => {
    let state = reduce(nothing, welcome([entry(1)], false, "anna"));
    state = reduce(state, welcome([], false, "boris"));
    expect(ids(state)).toEqual([]);
  });

  it("forgets the place in the queue once somebody took the conversation", () => {
    let state = reduce(nothing, { type: "queue", position: 2 });
    state = reduce(state, { type: "status", conversation: { open: true, waiting: false, agent_read_id: 0 } });
    expect(state.queuePosition).toBeNull();
  });

  it("stops showing that somebody types when their message is there", () => {
    let state = reduce(nothing, { type: "typing", on: true });
    state = reduce(state, { type: "entry", entry: entry(1) });
    expect(state.typing).toBe(false);
  });
});
