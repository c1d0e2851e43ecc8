// The chat inside its frame: brings line, memory and view together and talks with the host page.

import type { CallPart } from "./call/part";
import { post, upload, type Attachment } from "./files";
import { Formats } from "./format";
import { forgetful, Keep, type Shelf } from "./keep";
import { Line, type SocketLike } from "./line";
import type { ServerFrame, User } from "./protocol";
import type { Config } from "./model";
import { nothing, reduce, type State } from "./state";
import { View } from "./view";
import { choose, speaker, type Say } from "./words/words";

const MAX_TEXT = 20_000;
const MAX_FILES = 10;
/** An agent who stopped typing without saying so. */
const TYPING_ENDS = 6_000;
const TYPING_EVERY = 3_000;

/** What the host page says: the attributes of its script tag, and whoever `setUser` named meanwhile. */
interface Init {
  user?: User | null;
  data: Record<string, string | undefined>;
  open: boolean;
  page: string;
  referrer: string;
  /** What the host page kept for a frame that may keep nothing. */
  kept?: string;
}

function named(data: Init["data"]): User | null {
  const id = data["userId"];
  if (!id) return null;
  const expires = Number(data["userExpires"]);
  return { id, hash: data["userHash"] ?? "", name: data["userName"] ?? "", email: data["userEmail"] ?? "", ...(expires ? { expires } : {}) };
}

const key = new URLSearchParams(location.search).get("key") ?? "";
const path = `/chat/${encodeURIComponent(key)}`;

class Chat {
  private state: State = nothing;
  private attachments: Attachment[] = [];
  private problem = "";
  private cut = false;
  private open: boolean;
  private user: User | null;
  private got = 0;
  private typingSaid = 0;
  private readonly timers = { typing: 0, cut: 0, stopped: 0 };
  private readonly shelf: Shelf;
  private readonly keep: Keep;
  private readonly line: Line;
  private readonly view: View;
  private nextKey = 1;
  /** Loaded when somebody calls, or comes back to a call. */
  private call: Promise<CallPart> | null = null;

  constructor(
    private readonly config: Config,
    private readonly say: Say,
    private readonly language: string,
    private readonly init: Init,
    private readonly tell: (message: object) => void,
  ) {
    this.open = init.open;
    this.shelf = shelf(init.kept, (text) => tell({ type: "kept", text }));
    this.keep = new Keep(this.shelf, key);
    this.user = init.user === undefined ? named(init.data) : init.user;
    this.keep.be(this.user?.id ?? "");
    this.line = new Line(
      {
        connect: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}${path}`) as unknown as SocketLike,
        later: (run, ms) => window.setTimeout(run, ms),
        forget: (timer) => clearTimeout(timer),
        random: Math.random,
      },
      this.keep,
      () => ({ user: this.user, profile: this.keep.profile, page: this.init.page, referrer: this.init.referrer, language }),
      (frame) => this.heard(frame),
      () => this.lineChanged(),
    );
    this.view = new View(say, language as Config["default_language"], config, init.data["title"] || config.title, () => this.keep.draft, {
      send: (text, profile) => this.send(text, profile),
      typed: (text) => this.typed(text),
      attach: (files) => this.attach(files),
      detach: (chip) => this.setAttachments(this.attachments.filter((a) => a.key !== chip)),
      more: () => this.more(),
      again: (id) => (this.line.again(id, fresh()), this.show()),
      discard: (id) => (this.keep.settle(id), this.show()),
      call: () => void this.calls().then((call) => call.ask()),
      close: () => this.tell({ type: "show", open: false }),
    });
    addEventListener("online", () => this.line.nudge());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.line.nudge();
      this.mark();
    });
    // The host page gives its focus to the frame as a whole, which is nowhere.
    addEventListener("focus", () => {
      if (this.open && document.activeElement === document.body) this.view.focus();
    });
    this.show();
    this.line.open();
    if (this.open) this.view.focus();
  }

  /** The host page showed or hid the chat, or says that somebody else uses it. */
  hear(message: { type: string; open?: boolean; user?: User | null }): void {
    if (message.type === "shown") {
      this.open = !!message.open;
      this.show();
      if (this.open) this.view.focus();
    } else if (message.type === "user") {
      const before = this.user?.id ?? "";
      this.user = message.user ?? null;
      this.keep.be(this.user?.id ?? "");
      if (before !== (this.user?.id ?? "")) this.forget();
      this.line.renew();
    }
  }

  private forget(): void {
    this.state = nothing;
    this.attachments = [];
    this.got = 0;
    this.view.clear();
    this.show();
  }

  private heard(frame: ServerFrame): void {
    if (frame.type === "welcome" && this.state.ready && frame.visitor !== this.state.visitor) this.view.clear();
    this.state = reduce(this.state, frame);
    // Whoever refreshed the page that carried a call goes on with it; other pages leave it alone.
    if (frame.type === "welcome" && frame.call && sessionCall() === frame.call.id) {
      void this.calls();
      this.tell({ type: "show", open: true });
    }
    // The host page loads the frame at once when it is loaded anew.
    if (frame.type === "call" && frame.call.here && this.shelf === ownShelf()) this.tell({ type: "kept", text: "1" });
    if (frame.type === "welcome" || frame.type === "call" || frame.type === "signal" || frame.type === "problem") void this.call?.then((call) => call.hear(frame));
    if (frame.type === "problem" && !frame.client_message_id && frame.code === "unavailable") this.problem = this.say("unavailable");
    if (frame.type === "problem" && frame.after_ms !== null && frame.code === "too_many") this.problem = this.say("too_many");
    if (frame.type === "ack" || frame.type === "welcome") this.problem = "";
    if (frame.type === "typing") {
      clearTimeout(this.timers.typing);
      if (frame.on) this.timers.typing = window.setTimeout(() => this.heard({ type: "typing", on: false }), TYPING_ENDS);
    }
    if (frame.type === "ack" && this.shelf === ownShelf()) this.tell({ type: "kept", text: "1" });
    this.show();
  }

  private lineChanged(): void {
    clearTimeout(this.timers.cut);
    if (this.line.state === "open") this.cut = false;
    else
      this.timers.cut = window.setTimeout(() => {
        this.cut = true;
        this.show();
      }, 2_500);
    this.show();
  }

  private show(): void {
    this.view?.show({
      state: this.state,
      unsent: this.keep.unsent,
      line: this.line.state,
      cut: this.cut,
      attachments: this.attachments,
      problem: this.problem,
      profile: this.keep.profile,
      now: Date.now(),
    });
    this.mark();
  }

  /** Tell the hub what arrived and what was looked at, and the host page how much is new. */
  private mark(): void {
    const theirs = this.state.entries.filter((e) => !e.mine);
    const newest = theirs.at(-1)?.id ?? 0;
    if (!this.state.ready) return;
    if (newest > this.keep.readId && this.open && !document.hidden) {
      this.keep.readId = newest;
      this.got = newest;
      this.line.say({ type: "read", entry_id: newest });
    } else if (newest > this.got && newest > this.keep.readId) {
      this.got = newest;
      this.line.say({ type: "got", entry_id: newest });
    }
    const count = theirs.filter((e) => e.id > this.keep.readId).length;
    this.tell({ type: "unread", count, label: count ? `${this.say("open")}, ${this.say("unread", { n: count })}` : this.say("open") });
  }

  private send(written: string, profile?: { name?: string; email?: string; phone?: string }): boolean {
    const text = written.trimEnd();
    const files = this.attachments.filter((a) => a.id !== null);
    if (files.length < this.attachments.length) return false;
    if (!text && !files.length) return false;
    if ([...text].length > MAX_TEXT) {
      this.complain(this.say("too_large", { n: MAX_TEXT }));
      return false;
    }
    if (profile) this.keep.profile = profile;
    this.keep.draft = "";
    this.problem = "";
    this.attachments = [];
    this.stopTyping();
    this.line.write({
      id: fresh(),
      text,
      files: files.map((f) => ({ id: f.id!, name: f.name, type: f.type, size: f.size })),
      at: Date.now(),
      ...(profile ? { profile } : {}),
    });
    this.show();
    return true;
  }

  private typed(text: string): void {
    if (text === this.keep.draft) return;
    this.keep.draft = text;
    if (!text.trim()) return this.stopTyping();
    const now = Date.now();
    if (now - this.typingSaid > TYPING_EVERY) {
      this.typingSaid = now;
      this.line.say({ type: "typing", on: true });
    }
    clearTimeout(this.timers.stopped);
    this.timers.stopped = window.setTimeout(() => this.stopTyping(), TYPING_ENDS);
  }

  private stopTyping(): void {
    clearTimeout(this.timers.stopped);
    if (!this.typingSaid) return;
    this.typingSaid = 0;
    this.line.say({ type: "typing", on: false });
  }

  private calls(): Promise<CallPart> {
    this.call ??= import("./call/part").then(({ open }) =>
      open({
        place: this.view.callPlace,
        language: document.documentElement.lang as Config["default_language"],
        config: this.config,
        say: (frame) => this.line.say(frame),
        post: (where, body) => post(`${path}/${where}`, this.keep.token ?? "", body),
        fresh,
      }),
    );
    return this.call;
  }

  private more(): void {
    const first = this.state.entries[0];
    if (first) this.line.say({ type: "more", before: first.id });
  }

  private attach(files: Iterable<File>): void {
    const token = this.keep.token;
    this.problem = "";
    for (const file of files) {
      if (this.attachments.length >= MAX_FILES) return this.complain(this.say("files_many", { n: MAX_FILES }));
      const limit = this.config.max_file_bytes;
      if (file.size > limit) this.complain(this.say("file_large", { name: file.name, size: this.sizeInWords(limit) }));
      else if (!token || this.line.state !== "open") this.complain(this.say("file_failed", { name: file.name }));
      else void this.upload(file, token);
    }
  }

  private async upload(file: File, token: string): Promise<void> {
    const chip = this.nextKey++;
    const change = (how: Partial<Attachment>) => this.setAttachments(this.attachments.map((a) => (a.key === chip ? { ...a, ...how } : a)));
    this.setAttachments([...this.attachments, { key: chip, name: file.name, size: file.size, type: file.type, done: 0, id: null }]);
    const end = await upload(`${path}/files`, token, file, (done) => change({ done }));
    if (typeof end !== "string") return change({ ...end, done: 1 });
    this.setAttachments(this.attachments.filter((a) => a.key !== chip));
    const values = { name: file.name, size: this.sizeInWords(this.config.max_file_bytes) };
    this.complain(this.say(end === "too_large" ? "file_large" : end, values));
  }

  private setAttachments(attachments: Attachment[]): void {
    this.attachments = attachments;
    this.show();
  }

  private complain(problem: string): void {
    this.problem = problem;
    this.show();
  }

  private sizeInWords(bytes: number): string {
    return new Formats(this.language, this.say).size(bytes);
  }
}

function fresh(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18)))).replace(/\+/g, "-").replace(/\//g, "_");
}

/** The call that this very page carried before it was loaded anew. */
function sessionCall(): number {
  try {
    return Number(sessionStorage.getItem("sb:call"));
  } catch {
    return 0;
  }
}

function ownShelf(): Shelf | null {
  try {
    localStorage.setItem("sb:probe", "1");
    localStorage.removeItem("sb:probe");
    return localStorage;
  } catch {
    return null;
  }
}

/** The frame's own storage; where a browser forbids it to frames, a shelf whose content the host page keeps. */
function shelf(kept: string | undefined, hand: (text: string) => void): Shelf {
  const own = ownShelf();
  if (own) return own;
  let known: [string, string][] = [];
  try {
    const read: unknown = JSON.parse(kept ?? "[]");
    if (Array.isArray(read)) known = read as [string, string][];
  } catch {
    // Whatever that was, it is not ours.
  }
  return forgetful(known, (all) => hand(JSON.stringify(all)));
}

function paint(colour: string, theme: string | undefined): void {
  const root = document.documentElement;
  if (theme === "light" || theme === "dark") root.dataset["theme"] = theme;
  const parts = [1, 3, 5].map((at) => ((parseInt(colour.slice(at, at + 2), 16) / 255 + 0.055) / 1.055) ** 2.4);
  const light = 0.2126 * parts[0]! + 0.7152 * parts[1]! + 0.0722 * parts[2]!;
  root.style.setProperty("--accent", colour);
  root.style.setProperty("--on-accent", light > 0.183 ? "#000" : "#fff");
}

async function main(): Promise<void> {
  const answer = await fetch(`${path}/config`);
  if (!answer.ok) return;
  const config = (await answer.json()) as Config;
  let chat: Chat | null = null;
  let parentOrigin = location.origin;
  const tell = (message: object) => parent !== window && parent.postMessage({ switchboard: 1, ...message }, parentOrigin);
  const begin = async (init: Init) => {
    const language = choose([init.data["language"], ...navigator.languages, config.default_language]);
    document.documentElement.lang = language;
    const say = await speaker(language);
    document.title = init.data["title"] || config.title || say("chat");
    const wished = init.data["colour"] ?? "";
    paint(/^#[0-9a-f]{6}$/i.test(wished) ? wished : config.colour, init.data["theme"]);
    chat = new Chat(config, say, language, init, tell);
  };
  if (parent === window) return begin({ data: {}, open: true, page: location.href, referrer: document.referrer });
  let begun = false;
  const early: { type: string }[] = [];
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== parent || !config.origins.includes(origin) || data?.switchboard !== 1) return;
    parentOrigin = origin;
    if (data.type === "init" && !begun) {
      begun = true;
      void begin(data as Init).then(() => early.forEach((m) => chat?.hear(m)));
    } else if (chat) chat.hear(data);
    else early.push(data);
  });
  // Nothing private: only that somebody may say who is there.
  parent.postMessage({ switchboard: 1, type: "ready" }, "*");
}

void main();
