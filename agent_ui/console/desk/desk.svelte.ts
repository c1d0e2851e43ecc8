import { SvelteMap } from "svelte/reactivity";
import { type Counts, type Listing, type Page, type Upload, conversations, drafts as draftCalls } from "../api/conversations";
import type { Http } from "../api/http";
import type { Me, Permission } from "../api/session";
import { toasts } from "../parts/toasts.svelte";
import type {
  AgentValue,
  AnyEvent,
  CannedValue,
  ContactValue,
  ConversationValue,
  EntryValue,
  FromServer,
  OfferValue,
  PhoneHeard,
  QueueValue,
  Snapshot,
  TypingShown,
  Watched,
} from "../wire";
import { clock } from "./clock.svelte";
import { type DraftKeeper, Drafts } from "./drafts.svelte";
import { Letters } from "./letters.svelte";
import type { Line, LineState, MakeLine } from "./line";
import { List } from "./list.svelte";
import { nameOf } from "./listing";
import { Outgoing, type Parcel } from "./outgoing.svelte";
import { inWords } from "./refusals";
import { renamed } from "./renaming";
import { Timeline } from "./timeline.svelte";

const COUNTS_PAUSE_MS = 800;
const TYPING_LIFE_MS = 8_000;

/** What the desk reaches the hub with. */
export interface Ways {
  http: Http;
  line: MakeLine;
  upload: Upload;
}

/** Everything one signed-in agent works with: what is live, what was loaded, and what can be done. */
export class Desk {
  readonly http: Http;
  readonly line: Line;
  readonly upload: Upload;
  readonly permissions: ReadonlySet<Permission>;
  readonly email: string;

  /** The live part as the socket tells it; none before the first snapshot. */
  live = $state.raw<Snapshot | null>(null);
  lineState = $state<LineState>("idle");
  #counted = $state.raw<Partial<Counts>>({});
  /** Every conversation known, by id: the one place rows and headers read from. */
  conversations = new SvelteMap<number, ConversationValue>();
  /** Contacts known, by id. */
  contacts = new SvelteMap<number, ContactValue>();
  typing = new SvelteMap<number, readonly TypingShown[]>();
  viewing = new SvelteMap<number, readonly number[]>();
  /** Events as they come, for those who show what no snapshot holds. */
  readonly listeners = new Set<(event: AnyEvent) => void>();
  /** Whoever carries the sound of calls in this tab. */
  readonly phoneHeard = new Set<(frame: PhoneHeard) => void>();
  readonly drafts: Drafts;
  readonly outgoing: Outgoing;
  readonly letters: Letters;
  #signedIn: AgentValue;
  #lists = new Map<string, List>();
  #timelines = new Map<number, Timeline>();
  #countsTimer: ReturnType<typeof setTimeout> | undefined;
  #typingTimers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(me: Me, { http, line, upload }: Ways) {
    this.#signedIn = me.agent;
    this.email = me.email;
    this.permissions = new Set(me.permissions);
    this.http = http;
    this.line = line({ onFrame: (frame, snapshot) => this.#hear(frame, snapshot), onState: (state) => this.#joined(state) });
    this.upload = upload;
    this.letters = new Letters(String(me.agent.id));
    const keeper: DraftKeeper = {
      save: (id, kind, { text, files, extras }, leaving) => draftCalls.save(http, id, kind, { text, files: files.map((file) => file.id), extras }, leaving),
      clear: (id, kind) => draftCalls.clear(http, id, kind),
    };
    this.drafts = new Drafts(keeper, this.letters);
    this.outgoing = new Outgoing({ carry: (parcel) => this.#carry(parcel), arrived: (_, entry) => this.#entry(entry) }, String(me.agent.id));
  }

  readonly me = $derived.by<AgentValue>(() => this.live?.me ?? this.#signedIn);
  readonly agents = $derived.by<ReadonlyMap<number, AgentValue>>(() => new Map(this.live?.agents.map((agent) => [agent.id, agent])));
  readonly queues = $derived.by<ReadonlyMap<number, QueueValue>>(() => new Map(this.live?.queues.map((queue) => [queue.id, queue])));
  /** How many stand in each view, up to 1 000. Mine is live; the others follow within a second. */
  readonly counts = $derived.by<Partial<Counts>>(() => {
    const mine = this.live?.mine.filter((conversation) => conversation.status === "open").length;
    return mine === undefined ? this.#counted : { ...this.#counted, mine };
  });
  readonly offers = $derived.by<readonly OfferValue[]>(() => this.live?.offers ?? []);
  readonly canned = $derived.by<readonly CannedValue[]>(() => this.live?.canned ?? []);

  /** Connects; from now on everything shown is kept true. Returns what ends it. */
  open(): () => void {
    const leave = () => this.drafts.flush();
    const online = () => (this.line.wake(), this.outgoing.hurry());
    window.addEventListener("pagehide", leave);
    window.addEventListener("online", online);
    this.line.start();
    this.outgoing.hurry();
    return () => {
      window.removeEventListener("pagehide", leave);
      window.removeEventListener("online", online);
      this.drafts.flush();
      this.line.stop();
    };
  }

  may(permission: Permission): boolean {
    return this.permissions.has(permission);
  }

  // ── what the line tells ────────────────────────────────────────────────

  #hear(frame: FromServer, snapshot: Snapshot | null): void {
    const again = this.live !== null;
    this.live = snapshot;
    switch (frame.type) {
      case "ready":
      case "position":
        clock.set(frame.at);
        break;
      case "snapshot":
        clock.set(frame.at);
        this.#renewed(frame.snapshot, again);
        break;
      case "event":
        this.#happened(frame.event);
        break;
      case "watched":
        this.#watched(frame.watched);
        break;
      case "gone":
        this.#lost(frame.conversation_id);
        break;
      case "typing":
        this.#typed(frame);
        break;
      case "phone":
        for (const hear of this.phoneHeard) hear(frame);
        break;
      case "viewing":
        this.viewing.set(frame.conversation_id, frame.agent_ids.filter((id) => id !== this.me.id));
        break;
    }
  }

  #joined(state: LineState): void {
    this.lineState = state;
    if (state === "live") this.outgoing.hurry();
    if (state === "signed_out") this.http.onsignedout();
  }

  #renewed(snapshot: Snapshot, again: boolean): void {
    for (const conversation of snapshot.mine) this.keep(conversation);
    for (const watched of snapshot.watched) this.#watched(watched);
    this.drafts.renew(snapshot.drafts);
    if (again) this.#refresh();
    this.#count(0);
  }

  #happened(event: AnyEvent): void {
    switch (event.type) {
      case "EntryAdded":
      case "EntryChanged":
        if (event.type === "EntryAdded") this.#sent(event.entry);
        this.outgoing.confirmed(event.entry.client_key);
        this.#entry(event.entry);
        this.#changed(event.conversation);
        break;
      case "ConversationChanged":
        this.#changed(event.conversation);
        break;
      case "ContactChanged":
        this.contacts.set(event.contact.id, event.contact);
        for (const one of renamed(this.conversations.values(), event.contact, event.conversation_ids)) this.conversations.set(one.id, one);
        break;
      case "DraftChanged":
        if (event.draft) this.drafts.take([event.draft]);
        else this.drafts.gone(event.conversation_id, event.kind === "note" ? "note" : "message");
        break;
    }
    for (const listener of this.listeners) listener(event);
  }

  #lost(conversationId: number): void {
    this.conversations.delete(conversationId);
    this.#timelines.delete(conversationId);
    for (const list of this.#lists.values()) list.drop(conversationId);
    this.#count();
  }

  #watched(watched: Watched): void {
    this.keep(watched.conversation);
    if (watched.contact) this.contacts.set(watched.contact.id, watched.contact);
    const timeline = this.#timelines.get(watched.conversation.id);
    if (timeline?.state === "ready") for (const entry of watched.entries) timeline.put(entry);
  }

  #typed(shown: TypingShown): void {
    const others = (this.typing.get(shown.conversation_id) ?? []).filter((one) => one.by !== shown.by || one.agent_id !== shown.agent_id);
    const mine = shown.by === "agent" && shown.agent_id === this.me.id;
    this.typing.set(shown.conversation_id, shown.on && !mine ? [...others, shown] : others);
    const name = `${shown.conversation_id} ${shown.by} ${shown.agent_id}`;
    clearTimeout(this.#typingTimers.get(name));
    if (shown.on) this.#typingTimers.set(name, setTimeout(() => this.#typed({ ...shown, on: false }), TYPING_LIFE_MS));
  }

  // ── what is loaded ─────────────────────────────────────────────────────

  /** The newest value known of a conversation, which may be the given one. */
  keep(conversation: ConversationValue): ConversationValue {
    const known = this.conversations.get(conversation.id);
    if (known && known.version > conversation.version) return known;
    this.conversations.set(conversation.id, conversation);
    return conversation;
  }

  page(listing: Listing, cursor: string | null): Promise<Page<ConversationValue>> {
    return conversations.page(this.http, listing, cursor);
  }

  /** The list with this listing: the same object each time. Loads when it is asked for first. */
  list(listing: Listing): List {
    const name = nameOf(listing);
    let list = this.#lists.get(name);
    if (!list) {
      this.#lists.set(name, (list = new List({ ...listing }, this)));
      void list.load();
      // A dozen lists are enough to go to and fro; the oldest is loaded anew when it is wanted again.
      if (this.#lists.size > 12) this.#lists.delete(this.#lists.keys().next().value ?? "");
    }
    return list;
  }

  timeline(conversationId: number): Timeline {
    let timeline = this.#timelines.get(conversationId);
    if (!timeline) {
      timeline = new Timeline(async (range, limit) => (await conversations.entries(this.http, conversationId, range, limit)).items);
      this.#timelines.set(conversationId, timeline);
      if (this.#timelines.size > 30) this.#timelines.delete(this.#timelines.keys().next().value ?? 0);
    }
    return timeline;
  }

  /** The conversation, from here or from the hub. Raises Refused when it cannot be read. */
  async find(id: number): Promise<ConversationValue> {
    return this.conversations.get(id) ?? this.keep(await conversations.get(this.http, id));
  }

  // ── what is done ───────────────────────────────────────────────────────

  /**
   * Shows a change at once and asks the hub for it; when it is refused, says so and shows what was.
   * Returns whether it was done.
   */
  async change(id: number, shown: Partial<ConversationValue>, ask: () => Promise<ConversationValue | undefined>): Promise<boolean> {
    const before = this.conversations.get(id);
    if (before) this.#changed({ ...before, ...shown });
    try {
      const after = await ask();
      if (after) this.#changed(after);
      return true;
    } catch (error) {
      const now = this.conversations.get(id);
      if (before && now && now.version === before.version) this.#changed(before);
      toasts.complain(inWords(error));
      return false;
    }
  }

  // ── the inside ─────────────────────────────────────────────────────────

  #changed(conversation: ConversationValue): void {
    const newest = this.keep(conversation);
    for (const list of this.#lists.values()) list.take(newest);
    this.#count();
  }

  #entry(entry: EntryValue): void {
    this.#timelines.get(entry.conversation_id)?.put(entry);
    if (entry.kind === "note" && entry.author.id !== this.me.id && entry.text.includes(`@${this.me.name}`)) {
      for (const list of this.#lists.values()) if (list.listing.view === "mentions") void list.load();
    }
  }

  /** What this agent sent from another machine is no draft here any more. */
  #sent(entry: EntryValue): void {
    const { author, client_key, conversation_id, kind } = entry;
    const isOwn = this.outgoing.parcels.some((parcel) => parcel.key === client_key);
    if (author.kind === "agent" && author.id === this.me.id && (kind === "message" || kind === "note") && !isOwn) this.drafts.sent(conversation_id, kind, entry);
  }

  async #carry(parcel: Parcel): Promise<EntryValue> {
    const words = { text: parcel.text, files: parcel.files.map((file) => file.id), client_key: parcel.key };
    return parcel.kind === "note"
      ? conversations.note(this.http, parcel.conversationId, { ...words, mentions: parcel.mentions })
      : conversations.reply(this.http, parcel.conversationId, { ...words, ...parcel.extras, seen_entry_id: parcel.seen });
  }

  #refresh(): void {
    for (const list of this.#lists.values()) void list.load();
    for (const [id, timeline] of this.#timelines) void timeline.load(this.conversations.get(id)?.agent_read_id ?? 0);
  }

  #count(pause = COUNTS_PAUSE_MS): void {
    this.#countsTimer ??= setTimeout(() => {
      this.#countsTimer = undefined;
      void conversations.counts(this.http).then(
        (counts) => (this.#counted = counts),
        () => undefined,
      );
    }, pause);
  }
}
