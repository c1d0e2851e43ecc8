import { type IceServer, type Sample, configuration, gathered, newSession, quality, said, sampled } from "../../shared/peers";
import type { CallValue, LegValue, PhoneHeard } from "../wire";
import { type Carrier, type CarrierWays, type MakeCarrier, problemOf } from "./carrier";
import { contactOf, hears, isCalled, isContactInRoom, isRecorded, ownerOf, partnersOf } from "./mix";
import { Mixer } from "./mixer";
import { Hush } from "./hush";
import type { PortProblem, PortState, Quality } from "./port";
import { Recorder } from "./recorder";
import { Rejoining } from "./rejoining";

/** How long an offer may stay without an answer, and a connection without sound, before it is made anew. */
const OFFER_EVERY = 4_000;
const LOOK_EVERY = 1_000;
const MEASURE_EVERY = 5_000;

/** The connection with the browser of one other leg. */
interface Partner {
  leg: number;
  offers: boolean;
  pc: RTCPeerConnection | null;
  session: string;
  since: number;
}

/** One call, as this tab carries it. */
class RtcCall {
  state: PortState = "connecting";
  problem: PortProblem = "";
  quality: Quality = "";
  readonly #hush = new Hush();
  #call: CallValue;
  #own: LegValue;
  readonly #ways: CarrierWays;
  readonly #mixer = new Mixer();
  readonly #partners = new Map<number, Partner>();
  readonly #timers: number[];
  #listening = false;
  #toldConnected = 0;
  #measured: { leg: number; sample: Sample } | null = null;
  #recorder: Recorder | null = null;

  constructor(call: CallValue, own: LegValue, ways: CarrierWays) {
    this.#call = call;
    this.#own = own;
    this.#hush.hear(call.id, own.muted);
    this.#ways = ways;
    this.#timers = [window.setInterval(() => this.#look(), LOOK_EVERY), window.setInterval(() => void this.#measure(), MEASURE_EVERY)];
    void this.#listen();
  }

  update(call: CallValue, own: LegValue): void {
    if (own.id !== this.#own.id) for (const leg of [...this.#partners.keys()]) this.#drop(leg);
    this.#call = call;
    this.#own = own;
    this.#hush.hear(call.id, own.muted);
    this.#arrange();
  }

  setMuted(on: boolean): void {
    this.#hush.press(on);
    this.#mix();
  }

  heard({ from_leg, to_leg, body }: PhoneHeard): void {
    const partner = this.#partners.get(from_leg);
    const what = said(body);
    if (!partner || !what || to_leg !== this.#own.id) return;
    if (what.kind === "ready" && partner.offers && this.#isStale(partner)) void this.#offer(partner);
    if (what.kind === "answer" && partner.offers && partner.session === what.session && partner.pc?.signalingState === "have-local-offer") {
      void partner.pc.setRemoteDescription({ type: "answer", sdp: what.sdp }).catch(() => undefined);
    }
    if (what.kind === "offer" && !partner.offers && partner.session !== what.session) void this.#answer(partner, what.session, what.sdp);
  }

  async devicesChanged(): Promise<void> {
    try {
      await this.#mixer.devicesChanged();
    } catch (error) {
      this.#become(this.state, problemOf(error));
    }
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#recorder?.stop();
    this.#recorder = null;
    for (const leg of [...this.#partners.keys()]) this.#drop(leg);
    this.#mixer.close();
  }

  async #listen(): Promise<void> {
    try {
      await this.#mixer.listen();
      this.#listening = true;
      this.#arrange();
    } catch (error) {
      const problem = problemOf(error);
      this.#become("failed", problem);
      await this.#ways.telling.failed(this.#call.id, problem).catch(() => undefined);
    }
  }

  /** Connects with whom the call says, mixes as it says, records as it says. */
  #arrange(): void {
    if (!this.#listening) return;
    const wanted = partnersOf(this.#call, this.#own);
    const offers = ownerOf(this.#call)?.id === this.#own.id;
    for (const partner of [...this.#partners.values()]) {
      if (partner.offers !== offers || !wanted.some((leg) => leg.id === partner.leg)) this.#drop(partner.leg);
    }
    for (const { id } of wanted) {
      if (this.#partners.has(id)) continue;
      const partner: Partner = { leg: id, offers, pc: null, session: "", since: 0 };
      this.#partners.set(id, partner);
      if (offers) void this.#offer(partner);
      else this.#ask(partner);
    }
    this.#mix();
    this.#record(offers);
    this.#follow();
  }

  #mix(): void {
    const call = this.#call;
    const offers = ownerOf(call)?.id === this.#own.id;
    const legs = new Map(call.legs.map((leg) => [leg.id, leg]));
    const own = { ...this.#own, muted: this.#hush.on };
    for (const target of this.#mixer.targets) {
      for (const source of this.#mixer.sources) {
        const speaker = source === "me" ? own : legs.get(source);
        const listener = target === "me" ? own : target === "recording" ? null : legs.get(target);
        // Whoever does not mix hears what the owner's browser sends, and only speaks.
        const through = !speaker || listener === undefined ? false : listener === null ? isRecorded(call, speaker) : offers ? hears(call, listener, speaker) : source !== target && !(source === "me" && (own.muted || own.mode === "monitor"));
        this.#mixer.let(source, target, through);
      }
    }
  }

  #record(offers: boolean): void {
    const on = offers && this.#call.recording === "on" && this.#own.state === "connected" && (isContactInRoom(this.#call) || this.#recorder !== null);
    if (on && !this.#recorder) {
      try {
        this.#recorder = new Recorder(this.#mixer.recording, this.#call.id, this.#ways.telling);
        this.#mix();
      } catch {
        this.#become(this.state, "unsupported");
      }
    } else if (!on && this.#recorder) {
      this.#recorder.stop();
      this.#recorder = null;
    }
  }

  // ── connections ────────────────────────────────────────────────────────

  #isStale(partner: Partner): boolean {
    const state = partner.pc?.connectionState;
    return state === "connected" || state === "failed" || state === "disconnected" || performance.now() - partner.since > LOOK_EVERY;
  }

  #connection(partner: Partner): RTCPeerConnection {
    partner.pc?.close();
    const { ice = [], relay_only = false } = this.#ways.facts as { ice?: IceServer[]; relay_only?: boolean };
    const pc = new RTCPeerConnection(configuration(ice, relay_only));
    partner.pc = pc;
    partner.since = performance.now();
    const stream = this.#mixer.toward(partner.leg);
    for (const track of stream.getAudioTracks()) pc.addTrack(track, stream);
    pc.ontrack = ({ streams, track }) => {
      if (partner.pc !== pc) return;
      this.#mixer.take(partner.leg, streams[0] ?? new MediaStream([track]));
      this.#mix();
    };
    pc.onconnectionstatechange = () => {
      if (partner.pc === pc) this.#follow();
    };
    return pc;
  }

  async #offer(partner: Partner): Promise<void> {
    const pc = this.#connection(partner);
    const session = (partner.session = newSession());
    try {
      await pc.setLocalDescription();
      await gathered(pc);
      if (partner.session === session) await this.#say(partner.leg, { kind: "offer", session, sdp: pc.localDescription!.sdp });
    } catch {
      // It is offered again soon.
    }
  }

  async #answer(partner: Partner, session: string, sdp: string): Promise<void> {
    const pc = this.#connection(partner);
    partner.session = session;
    try {
      await pc.setRemoteDescription({ type: "offer", sdp });
      await pc.setLocalDescription();
      await gathered(pc);
      if (partner.session === session) await this.#say(partner.leg, { kind: "answer", session, sdp: pc.localDescription!.sdp });
    } catch {
      if (partner.session === session) partner.session = "";
    }
  }

  #ask(partner: Partner): void {
    partner.since = performance.now();
    void this.#say(partner.leg, { kind: "ready" });
  }

  #say(leg: number, body: Record<string, unknown>): Promise<unknown> {
    return this.#ways.telling.say(this.#call.id, leg, body).catch(() => undefined);
  }

  #drop(leg: number): void {
    this.#partners.get(leg)?.pc?.close();
    this.#partners.delete(leg);
    this.#mixer.drop(leg);
  }

  /** Makes anew what did not come about in time. */
  #look(): void {
    const now = performance.now();
    if (this.#recorder?.isLong) {
      this.#recorder.stop();
      this.#recorder = null;
      this.#arrange();
    }
    for (const partner of this.#partners.values()) {
      if (partner.pc?.connectionState === "connected" || now - partner.since < OFFER_EVERY) continue;
      if (partner.offers) void this.#offer(partner);
      else this.#ask(partner);
    }
  }

  #main(): Partner | undefined {
    const contact = contactOf(this.#call);
    return (contact && this.#partners.get(contact.id)) ?? this.#partners.values().next().value;
  }

  #follow(): void {
    const connected = this.#main()?.pc?.connectionState === "connected";
    this.#become(connected ? "connected" : "connecting", connected ? "" : this.problem);
    if (connected && this.#own.state !== "connected" && this.#toldConnected !== this.#own.id) {
      const leg = (this.#toldConnected = this.#own.id);
      this.#ways.telling.connected(this.#call.id).catch(() => {
        if (this.#toldConnected === leg) this.#toldConnected = 0;
      });
    }
  }

  #become(state: PortState, problem: PortProblem): void {
    if (state === this.state && problem === this.problem) return;
    this.state = state;
    this.problem = problem;
    if (state !== "connected") this.quality = "";
    this.#ways.changed();
  }

  async #measure(): Promise<void> {
    this.#follow();
    const partner = this.#main();
    if (!partner?.pc || partner.pc.connectionState !== "connected") return;
    const sample = await sampled(partner.pc);
    const before = this.#measured;
    this.#measured = { leg: partner.leg, sample };
    const found = before?.leg === partner.leg ? quality(before.sample, sample) : "";
    if (!found || found === this.quality) return;
    this.quality = found;
    this.#ways.changed();
    await this.#ways.telling.quality(this.#call.id, found).catch(() => undefined);
  }
}

/** Calls from browser to browser: this tab connects with the contact's page, and mixes whoever else takes part. */
class Rtc implements Carrier {
  readonly #calls = new Map<number, RtcCall>();
  readonly #rejoining: Rejoining;
  readonly #ways: CarrierWays;
  readonly #leave = () => this.close();

  constructor(ways: CarrierWays) {
    this.#ways = ways;
    this.#rejoining = new Rejoining(ways.telling);
    addEventListener("pagehide", this.#leave);
  }

  get state(): PortState {
    return this.#first?.state ?? "idle";
  }

  get problem(): PortProblem {
    return this.#first?.problem ?? "";
  }

  get quality(): Quality {
    return this.#first?.quality ?? "";
  }

  get #first(): RtcCall | undefined {
    return this.#calls.values().next().value;
  }

  attach(calls: readonly CallValue[], me: number): void {
    const carried = new Set<number>();
    for (const call of calls) {
      const own = call.legs.find((leg) => leg.agent_id === me && leg.device === this.#ways.tab && leg.state !== "ended" && leg.state !== "invited");
      if (!own) continue;
      carried.add(call.id);
      const known = this.#calls.get(call.id);
      const isMissing = own.state === "lost" || (!known && own.state === "connected");
      if (!isMissing) this.#rejoining.found(call.id);
      if (isMissing) this.#rejoining.missing(call.id, own.id);
      else if (known) known.update(call, own);
      else if (isCalled(own)) this.#calls.set(call.id, new RtcCall(call, own, this.#ways));
    }
    for (const [id, call] of this.#calls) {
      if (carried.has(id)) continue;
      this.#calls.delete(id);
      call.close();
      this.#ways.changed();
    }
  }

  heard(frame: PhoneHeard): void {
    this.#calls.get(frame.call_id)?.heard(frame);
  }

  setMuted(on: boolean): void {
    for (const call of this.#calls.values()) call.setMuted(on);
  }

  /** The contact's page has its keys as buttons and hears none. */
  press(): void {}

  devicesChanged(): void {
    for (const call of this.#calls.values()) void call.devicesChanged();
  }

  close(): void {
    removeEventListener("pagehide", this.#leave);
    for (const call of this.#calls.values()) call.close();
    this.#calls.clear();
  }
}

export const makeCarrier: MakeCarrier = (ways) => new Rtc(ways);
