import { createContext } from "svelte";
import { SvelteSet } from "svelte/reactivity";
import { type CallerId, type LineFacts, type ListenMode, type Onward, type WrappedUp, calls as api } from "../api/calls";
import type { Desk } from "../desk/desk.svelte";
import { toasts } from "../parts/toasts.svelte";
import { router } from "../router.svelte";
import { t } from "../words/words.svelte";
import type { CallValue, PhoneHeard } from "../wire";
import type { MakePort, PhonePort, PortProblem, Quality } from "./port";
import { problemOfCall } from "./problems";
import { isInIt, isInvited, isWithoutSound, isWritingDown, legOf } from "./states";
import { ownTab } from "./tab";

const CHECKED = "switchboard.phone.checked";

/** Everything the console does with calls. What a call is, only the hub says: nothing here is shown before it did. */
export class Phone {
  readonly desk: Desk;
  /** Accounts that carry calls now; none known yet: null. */
  lines = $state.raw<readonly LineFacts[] | null>(null);
  /** What is being asked for, as `act id`. */
  readonly busy = new SvelteSet<string>();
  /** Whether this device's microphone and sound were tried, or never shall be. */
  checked = $state(localStorage.getItem(CHECKED) !== null);
  /** The dial pad, with the number that stands in it; none: closed. */
  dialling = $state<string | null>(null);
  checking = $state(false);
  #port = $state.raw<PhonePort | null>(null);
  #sound = $state.raw<{ state: string; problem: PortProblem; quality: Quality; playedElsewhere: boolean }>({ state: "idle", problem: "", quality: "", playedElsewhere: false });
  #tab: Promise<string>;
  #tabName = $state("");
  #loading: Promise<void> | null = null;
  #renewed = false;
  #written: Promise<CallValue | null> = Promise.resolve(null);
  readonly #makePort: () => Promise<MakePort>;

  constructor(desk: Desk, makePort = async (): Promise<MakePort> => (await import("./engine")).makePort) {
    this.desk = desk;
    this.#makePort = makePort;
    this.#tab = ownTab().then((name) => (this.#tabName = name));
  }

  readonly calls = $derived.by<readonly CallValue[]>(() => this.desk.live?.calls ?? []);
  /** Calls that I am in, the one that I speak in first. */
  readonly mine = $derived.by(() => this.calls.filter((call) => isInIt(call, this.desk.me.id)));
  /** Calls into which a colleague asks me. */
  readonly invited = $derived.by(() => this.calls.filter((call) => isInvited(call, this.desk.me.id)));
  readonly wrapping = $derived.by(() => this.calls.filter((call) => isWritingDown(call, this.desk.me.id)));
  readonly sound = $derived(this.#sound);
  readonly tab = $derived(this.#tabName);
  /** Whether a line can call numbers. */
  readonly canDial = $derived.by(() => (this.lines ?? []).some((line) => line.dials_numbers) && this.desk.me.call_device !== "off");
  readonly asksForCheck = $derived.by(() => !this.checked && (this.lines ?? []).length > 0 && this.desk.me.call_device === "browser");

  /** Begins to hear of calls. Returns what ends it. */
  open(): () => void {
    const heard = (frame: PhoneHeard) => this.#port?.heard(frame);
    const back = () => void this.comeBack();
    this.desk.phoneHeard.add(heard);
    document.addEventListener("visibilitychange", back);
    addEventListener("online", back);
    void this.readLines();
    return () => {
      this.desk.phoneHeard.delete(heard);
      document.removeEventListener("visibilitychange", back);
      removeEventListener("online", back);
      this.#port?.close();
      this.#port = null;
    };
  }

  async readLines(): Promise<void> {
    try {
      this.lines = await api.lines(this.desk.http);
    } catch {
      this.lines ??= [];
    }
    await this.#register();
  }

  /** Softphones that a provider calls have to be there before anybody accepts a call on them. */
  async #register(): Promise<void> {
    const accounts = (this.lines ?? []).filter((line) => line.media !== "webrtc").map((line) => line.account_id);
    if (!accounts.length || this.desk.me.call_device !== "browser") return;
    await this.#load(await this.#tab);
    this.#port?.prepare(accounts);
  }

  /** Called when calls changed: what this tab carries is handed to what carries it. */
  async follow(): Promise<void> {
    if (this.desk.live === null) return;
    const tab = await this.#tab;
    // After a refresh this tab's sound is gone: it asks for a new one before anything is attached.
    if (!this.#renewed) {
      this.#renewed = true;
      for (const call of this.mine) if (isWithoutSound(call, this.desk.me.id, tab)) await this.rejoin(call);
    }
    const wanted = this.calls.some((call) => call.legs.some((leg) => leg.agent_id === this.desk.me.id && leg.device === tab && leg.state !== "ended"));
    if (wanted) await this.#load(tab);
    this.#port?.attach(this.calls, this.desk.me.id);
  }

  /** The machine woke up, or its line is back: what was lost meanwhile is taken up where the agent looks. */
  async comeBack(): Promise<void> {
    if (document.visibilityState === "hidden" || this.desk.live === null || !this.#renewed) return;
    const tab = await this.#tab;
    for (const call of this.mine) {
      const leg = legOf(call, this.desk.me.id);
      // What carried a lost leg here knows best when it can carry it again.
      if (leg?.state === "lost" && leg.device !== "phone" && !(leg.device === tab && this.#port)) await this.rejoin(call);
    }
    await this.follow();
  }

  #load(tab: string): Promise<void> {
    return (this.#loading ??= (async () => {
      try {
        const make = await this.#makePort();
        const port = make({ http: this.desk.http, tab, changed: () => (this.#sound = { state: port.state, problem: port.problem, quality: port.quality, playedElsewhere: port.playedElsewhere }) });
        this.#port = port;
      } catch {
        this.#loading = null;
        this.#sound = { state: "failed", problem: "no_connection", quality: "", playedElsewhere: false };
      }
    })());
  }

  isBusy(name: string, id: number): boolean {
    return this.busy.has(`${name} ${id}`);
  }

  /** Whether the sound of my leg is carried by another tab, or another machine. */
  isElsewhere(call: CallValue): boolean {
    const leg = legOf(call, this.desk.me.id);
    return leg !== undefined && leg.device !== "phone" && leg.device !== "" && leg.device !== this.#tabName;
  }

  // ── what is done ───────────────────────────────────────────────────────

  async accept(offerId: number): Promise<void> {
    await api.accept(this.desk.http, offerId, await this.#tab);
  }

  async place(number: string, from?: CallerId): Promise<boolean> {
    if (this.desk.me.call_device === "off") {
      toasts.complain(t("call.off_now"));
      return false;
    }
    const tab = await this.#tab;
    const call = await this.#ask("place", 0, () => api.place(this.desk.http, number, tab, from));
    if (call) router.go(`mine/${call.conversation_id}`);
    return call !== null;
  }

  async answer(call: CallValue): Promise<void> {
    const tab = await this.#tab;
    if (await this.#ask("answer", call.id, () => api.answer(this.desk.http, call.id, tab))) router.go(`mine/${call.conversation_id}`);
  }

  decline = (call: CallValue) => this.#ask("answer", call.id, () => api.decline(this.desk.http, call.id));

  async rejoin(call: CallValue): Promise<void> {
    const tab = await this.#tab;
    await this.#ask("rejoin", call.id, () => api.rejoin(this.desk.http, call.id, tab));
  }

  /** The microphone is cut at once; whether the hub knows is shown when it says so. */
  async mute(call: CallValue, on: boolean): Promise<void> {
    this.#port?.setMuted(on);
    const done = await this.#ask("mute", call.id, () => api.mute(this.desk.http, call.id, on));
    if (!done) this.#port?.setMuted(!on);
  }

  hold = (call: CallValue, on: boolean) => this.#ask("hold", call.id, () => api.hold(this.desk.http, call.id, on));
  record = (call: CallValue, on: boolean) => this.#ask("record", call.id, () => api.record(this.desk.http, call.id, on));
  hangUp = (call: CallValue, leave = false) => this.#ask("hang_up", call.id, () => api.hangUp(this.desk.http, call.id, leave));
  transfer = (call: CallValue, onward: Onward) => this.#ask("transfer", call.id, () => api.transfer(this.desk.http, call.id, onward));
  complete = (call: CallValue) => this.#ask("complete", call.id, () => api.complete(this.desk.http, call.id));
  cancel = (call: CallValue) => this.#ask("cancel", call.id, () => api.cancel(this.desk.http, call.id));
  threeWay = (call: CallValue) => this.#ask("three_way", call.id, () => api.threeWay(this.desk.http, call.id));
  /** One after the other: what is written down while something else is on its way is not left out. */
  wrapUp = (call: Pick<CallValue, "id">, said: WrappedUp) => (this.#written = this.#written.then(() => this.#ask("wrap_up", call.id, () => api.wrapUp(this.desk.http, call.id, said))));
  end = (call: CallValue) => this.#ask("end", call.id, () => api.end(this.desk.http, call.id));

  async listen(call: CallValue, mode: ListenMode, announce: boolean): Promise<void> {
    const tab = await this.#tab;
    await this.#ask("listen", call.id, () => api.listen(this.desk.http, call.id, mode, tab, announce));
  }

  async takeOver(call: CallValue, announce: boolean): Promise<void> {
    const tab = await this.#tab;
    await this.#ask("take_over", call.id, () => api.takeOver(this.desk.http, call.id, tab, announce));
  }

  press(digit: string): void {
    this.#port?.press(digit);
  }

  devicesChanged(): void {
    this.#port?.devicesChanged();
  }

  setChecked(): void {
    this.checked = true;
    localStorage.setItem(CHECKED, "1");
  }

  /** Asks the hub, once at a time for the same thing; a refusal is said in words. */
  async #ask(name: string, id: number, ask: () => Promise<CallValue>): Promise<CallValue | null> {
    const key = `${name} ${id}`;
    if (this.busy.has(key)) return null;
    this.busy.add(key);
    try {
      return await ask();
    } catch (error) {
      toasts.complain(problemOfCall(error));
      return null;
    } finally {
      this.busy.delete(key);
    }
  }
}

export const [getPhone, setPhone] = createContext<Phone>();
