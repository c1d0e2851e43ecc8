import JsSIP from "jssip";
import type { Socket as SipSocket } from "jssip/lib/Socket";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { IncomingRTCSessionEvent } from "jssip/lib/UA";
import { type IceServer, type Sample, configuration, quality, sampled } from "../../shared/peers";
import type { CallValue, LegValue } from "../wire";
import { type Carrier, type CarrierWays, type MakeCarrier, problemOf } from "./carrier";
import { Hush } from "./hush";
import type { PortProblem, PortState, Quality } from "./port";
import { Rejoining } from "./rejoining";
import { microphone, soundAt } from "./sound";

const MEASURE_EVERY = 5_000;
/** A provider may call this tab before the tab heard that it has a leg; longer, and the call is nobody's. */
const UNEXPECTED_FOR = 6_000;

/** What the line lends to a softphone. */
interface SipFacts {
  socket: string;
  /** For one connection, within 30 seconds. It goes beside the protocol's name, never in an address that is logged. */
  ticket: string;
  uri: string;
  user: string;
  password: string;
  ice?: IceServer[];
}

/** The way to the exchange through the hub's own origin. A ticket is good once, so every connection asks for another. */
class TicketSocket {
  via_transport = "WSS";
  readonly url = new URL("/phone", location.href.replace(/^http/, "ws")).href;
  readonly sip_uri = `sip:${location.hostname};transport=ws`;
  onconnect: () => void = () => undefined;
  ondisconnect: (error: boolean, code?: number, reason?: string) => void = () => undefined;
  ondata: (data: unknown) => void = () => undefined;
  #socket: WebSocket | null = null;
  #asking = 0;
  #first: { socket: string; ticket: string } | null;

  constructor(
    first: { socket: string; ticket: string },
    readonly renew: () => Promise<Record<string, unknown>>,
  ) {
    this.#first = first;
  }

  connect(): void {
    if (this.isConnected() || this.isConnecting()) return;
    const turn = (this.#asking = performance.now());
    void this.#open(turn).catch(() => {
      if (this.#asking !== turn) return;
      this.#asking = 0;
      this.ondisconnect(true);
    });
  }

  disconnect(): void {
    this.#asking = 0;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
  }

  send(message: string): boolean {
    if (!this.isConnected()) return false;
    this.#socket!.send(message);
    return true;
  }

  isConnected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  isConnecting(): boolean {
    return this.#asking !== 0 || this.#socket?.readyState === WebSocket.CONNECTING;
  }

  async #open(turn: number): Promise<void> {
    const { socket: path, ticket } = this.#first ?? ((await this.renew()) as unknown as SipFacts);
    this.#first = null;
    if (this.#asking !== turn) return;
    this.#asking = 0;
    const socket = new WebSocket(new URL(path, location.href.replace(/^http/, "ws")), ["sip", `ticket.${ticket}`]);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.onconnect();
    socket.onmessage = ({ data }) => this.ondata(data);
    socket.onclose = ({ wasClean, code, reason }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.ondisconnect(!wasClean, code, reason);
    };
  }
}

/** A softphone over SIP: registered for as long as the tab lives, answers by itself what is meant for it. */
class Sip implements Carrier {
  state: PortState = "idle";
  problem: PortProblem = "";
  quality: Quality = "";
  readonly #ways: CarrierWays;
  readonly #agent: JsSIP.UA;
  readonly #sound = new Audio();
  readonly #timer: number;
  readonly #facts: SipFacts;
  readonly #leave = () => this.close();
  #session: RTCSession | null = null;
  #waiting: { session: RTCSession; timer: number } | null = null;
  #stream: MediaStream | null = null;
  #call: CallValue | null = null;
  #own: LegValue | undefined;
  readonly #hush = new Hush();
  readonly #rejoining: Rejoining;
  #sample: Sample | null = null;

  constructor(ways: CarrierWays) {
    this.#ways = ways;
    this.#facts = ways.facts as unknown as SipFacts;
    this.#rejoining = new Rejoining(ways.telling);
    this.#sound.autoplay = true;
    const socket = new TicketSocket(this.#facts, () => this.#renewed()) as unknown as SipSocket;
    this.#agent = new JsSIP.UA({
      sockets: [socket],
      uri: this.#facts.uri,
      authorization_user: this.#facts.user,
      password: this.#facts.password,
      register: true,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 15,
    });
    this.#agent.on("newRTCSession", (event: IncomingRTCSessionEvent) => this.#rung(event));
    this.#agent.on("registrationFailed", () => this.#become(this.state, "no_line"));
    this.#agent.on("registered", () => {
      this.#become(this.state, "");
      this.#mend();
    });
    this.#agent.start();
    this.#timer = window.setInterval(() => void this.#measure(), MEASURE_EVERY);
    addEventListener("pagehide", this.#leave);
  }

  attach(calls: readonly CallValue[], me: number): void {
    const carried = calls.find((call) => call.legs.some((leg) => leg.agent_id === me && leg.device === this.#ways.tab && leg.state !== "ended" && leg.state !== "invited"));
    this.#call = carried ?? null;
    const own = carried?.legs.find((leg) => leg.agent_id === me && leg.device === this.#ways.tab && leg.state !== "ended");
    this.#own = own;
    this.#hush.hear(carried?.id ?? 0, own?.muted ?? false);
    this.#hear();
    this.#mend();
    if (!carried) this.#hangUp();
    else if (this.#waiting) {
      const { session, timer } = this.#waiting;
      clearTimeout(timer);
      this.#waiting = null;
      void this.#answer(session);
    }
  }

  /** The exchange carries the sound; browsers say nothing to each other. */
  heard(): void {}

  setMuted(on: boolean): void {
    this.#hush.press(on);
    this.#hear();
  }

  press(digit: string): void {
    if (this.#session?.isEstablished()) this.#session.sendDTMF(digit);
  }

  devicesChanged(): void {
    void soundAt(this.#sound);
    const sender = this.#session?.connection?.getSenders()[0];
    if (!sender) return;
    void microphone().then(async (stream) => {
      const old = this.#stream;
      this.#stream = stream;
      await sender.replaceTrack(stream.getAudioTracks()[0] ?? null);
      this.#hear();
      stop(old);
    }, (error: unknown) => this.#become(this.state, problemOf(error)));
  }

  close(): void {
    removeEventListener("pagehide", this.#leave);
    clearInterval(this.#timer);
    this.#hangUp();
    this.#agent.stop();
  }

  /** A hub that was restarted lends another password with the same name. */
  async #renewed(): Promise<Record<string, unknown>> {
    const facts = await this.#ways.renew();
    this.#agent.set("password", String(facts["password"]));
    return facts;
  }

  #rung({ originator, session }: IncomingRTCSessionEvent): void {
    if ((originator as string) !== "remote") return;
    // A leg that is not connected yet replaces the one whose sound is dead here, though nobody has said so.
    if (this.#own && this.#own.state !== "connected") this.#hangUp();
    if (this.#session || this.#waiting) return void session.terminate({ status_code: 486 });
    if (this.#call) return void this.#answer(session);
    const timer = window.setTimeout(() => {
      this.#waiting = null;
      session.terminate({ status_code: 480 });
    }, UNEXPECTED_FOR);
    this.#waiting = { session, timer };
    session.on("failed", () => {
      if (this.#waiting?.session !== session) return;
      clearTimeout(timer);
      this.#waiting = null;
    });
  }

  async #answer(session: RTCSession): Promise<void> {
    this.#session = session;
    this.#become("connecting", "");
    const over = () => {
      if (this.#session !== session) return;
      this.#session = null;
      this.#release();
    };
    session.on("ended", over);
    session.on("failed", over);
    session.on("confirmed", () => {
      if (this.#session !== session) return;
      this.#become("connected", "");
      this.#hear();
    });
    session.on("peerconnection", ({ peerconnection }) => this.#listen(peerconnection as unknown as RTCPeerConnection));
    try {
      this.#stream = await microphone();
    } catch (error) {
      const problem = problemOf(error);
      const callId = this.#call?.id;
      session.terminate({ status_code: 480 });
      this.#become("failed", problem);
      if (callId) await this.#ways.telling.failed(callId, problem).catch(() => undefined);
      return;
    }
    if (this.#session !== session) return this.#release();
    session.answer({ mediaStream: this.#stream, pcConfig: configuration(this.#facts.ice ?? []) });
  }

  #hear(): void {
    if (this.#hush.on) this.#session?.mute({ audio: true });
    else this.#session?.unmute({ audio: true });
  }

  /** The exchange lost this tab and it is back: it asks to be called anew. */
  #mend(): void {
    const call = this.#call;
    if (!call) return;
    if (this.#own?.state !== "lost") this.#rejoining.found(call.id);
    else if (this.#agent.isRegistered()) this.#rejoining.missing(call.id, this.#own.id);
  }

  #listen(pc: RTCPeerConnection): void {
    pc.addEventListener("track", ({ streams, track }) => {
      this.#sound.srcObject = streams[0] ?? new MediaStream([track]);
      void soundAt(this.#sound);
      void this.#sound.play().catch(() => undefined);
    });
  }

  #hangUp(): void {
    const session = this.#session;
    this.#session = null;
    if (session && !session.isEnded()) session.terminate();
    this.#release();
  }

  #release(): void {
    this.#sound.srcObject = null;
    stop(this.#stream);
    this.#stream = null;
    this.#sample = null;
    this.#become("idle", this.problem === "no_line" ? "no_line" : "");
  }

  #become(state: PortState, problem: PortProblem): void {
    if (state === this.state && problem === this.problem) return;
    this.state = state;
    this.problem = problem;
    if (state !== "connected") this.quality = "";
    this.#ways.changed();
  }

  async #measure(): Promise<void> {
    const pc = this.#session?.connection as unknown as RTCPeerConnection | undefined;
    if (!pc || this.state !== "connected") return;
    const sample = await sampled(pc);
    const found = this.#sample ? quality(this.#sample, sample) : "";
    this.#sample = sample;
    if (!found || found === this.quality) return;
    this.quality = found;
    this.#ways.changed();
    if (this.#call) await this.#ways.telling.quality(this.#call.id, found).catch(() => undefined);
  }
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

export const makeCarrier: MakeCarrier = (ways) => new Sip(ways);
