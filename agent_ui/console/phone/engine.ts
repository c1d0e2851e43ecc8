import type { Http } from "../api/http";
import type { CallValue, PhoneHeard } from "../wire";
import type { Carrier, MakeCarrier } from "./carrier";
import type { MakePort, PhonePort, PortProblem, PortState, PortWays, Quality } from "./port";
import { telling } from "./telling";

/** What `POST /phones` answers. */
interface Lent {
  media: string;
  facts: Record<string, unknown>;
}

const AGAIN = 5_000;

/** Each way of carrying sound is loaded when a line that needs it has its first call in this tab. */
const load: Record<string, () => Promise<{ makeCarrier: MakeCarrier }>> = {
  webrtc: () => import("./rtc"),
  sip: () => import("./sip"),
  twilio: () => import("./twilio"),
};

/** The tab's port: hands each call to what carries the sound of its line. */
class Engine implements PhonePort {
  readonly tab: string;
  readonly #ways: PortWays;
  readonly #lines = new Map<number, Promise<Carrier | null>>();
  readonly #open = new Map<number, Carrier>();
  readonly #kept = new Set<number>();
  #calls: readonly CallValue[] = [];
  #me = 0;
  #muted = false;
  #problem: PortProblem = "";
  #closed = false;

  constructor(ways: PortWays) {
    this.tab = ways.tab;
    this.#ways = ways;
  }

  get state(): PortState {
    return this.#busy?.state ?? (this.#problem ? "failed" : "idle");
  }

  get problem(): PortProblem {
    return this.#busy?.problem || this.#problem;
  }

  get quality(): Quality {
    return this.#busy?.quality ?? "";
  }

  get playedElsewhere(): boolean {
    return this.#busy?.playedElsewhere ?? false;
  }

  get #busy(): Carrier | undefined {
    return [...this.#open.values()].find((one) => one.state !== "idle");
  }

  attach(calls: readonly CallValue[], me: number): void {
    this.#calls = calls;
    this.#me = me;
    if (this.#closed) return;
    if (!this.#own().length) this.#muted = false;
    for (const account of [...this.#kept, ...this.#own().map((call) => call.account_id)]) this.#line(account);
    for (const account of this.#open.keys()) this.#tell(account);
  }

  prepare(accounts: readonly number[]): void {
    for (const account of accounts) this.#kept.add(account);
    this.attach(this.#calls, this.#me);
  }

  heard(frame: PhoneHeard): void {
    for (const carrier of this.#open.values()) carrier.heard(frame);
  }

  setMuted(on: boolean): void {
    this.#muted = on;
    for (const carrier of this.#open.values()) carrier.setMuted(on);
  }

  press(digit: string): void {
    this.#busy?.press(digit);
  }

  devicesChanged(): void {
    for (const carrier of this.#open.values()) carrier.devicesChanged();
  }

  close(): void {
    this.#closed = true;
    for (const carrier of this.#open.values()) carrier.close();
    this.#open.clear();
  }

  #own(): CallValue[] {
    return this.#calls.filter((call) => call.legs.some((leg) => leg.agent_id === this.#me && leg.device === this.tab && leg.state !== "ended"));
  }

  #tell(account: number): void {
    this.#open.get(account)?.attach(this.#own().filter((call) => call.account_id === account), this.#me);
  }

  #line(account: number): void {
    if (this.#lines.has(account)) return;
    const opening = this.#begin(account);
    this.#lines.set(account, opening);
    void opening.then((carrier) => {
      if (carrier && !this.#closed) {
        this.#open.set(account, carrier);
        if (this.#muted) carrier.setMuted(true);
        this.#tell(account);
        this.#ways.changed();
      } else {
        carrier?.close();
        this.#lines.delete(account);
        if (!this.#closed) setTimeout(() => this.attach(this.#calls, this.#me), AGAIN);
      }
    });
  }

  async #begin(account: number): Promise<Carrier | null> {
    const ways = this.#ways;
    const lend = () => lent(ways.http, account, this.tab);
    try {
      const { media, facts } = await lend();
      const { makeCarrier } = await load[media]!();
      this.#problem = "";
      return makeCarrier({ telling: telling(ways.http, this.tab), tab: this.tab, facts, changed: ways.changed, renew: async () => (await lend()).facts });
    } catch {
      this.#problem = "no_line";
      ways.changed();
      return null;
    }
  }
}

function lent(http: Http, account_id: number, device: string): Promise<Lent> {
  return http.ask<Lent>("POST", "/phones", { body: { account_id, device } });
}

/** Makes what carries the sound in this tab. Loaded when the first call is to be carried. */
export const makePort: MakePort = (ways) => new Engine(ways);
