import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Config } from "../model";
import type { ClientFrame, ServerFrame, ShownCall } from "../protocol";
import { open, type CallPart } from "./part";

const config: Config = { title: "", colour: "#336699", default_language: "en", greeting: {}, pre_chat: [], offline_form: true, max_file_bytes: 0, file_types: [], origins: [], calls: true, call_consent: {} };

const waiting = (changes: Partial<ShownCall> = {}): ShownCall => ({
  id: 7, state: "waiting", hears: "prompt", here: true, leg: 71, peer: null, name: "", prompt: null, position: 1, wait: null, since: 0, recorded: false, music: null, most_voicemail: 60_000, message: false, ...changes,
});
const told = (call: ShownCall): ServerFrame => ({ type: "call", call, ice: call.here ? [] : null, relay_only: false });
const welcomed = (call: ShownCall | null): ServerFrame => ({
  type: "welcome", token: null, visitor: "v", name: "", verified: false, entries: [], has_more: false, conversation: null, queue_position: null, available: true, call,
});

/** A microphone as a browser lends it: on until somebody switches it off. */
class Microphone {
  active = true;
  getTracks = () => [{ stop: () => void (this.active = false) }];
  getAudioTracks = () => [{ enabled: true }];
}

/** A page that calls: what it says to the hub and sends there, and the microphone it holds. */
async function calling(): Promise<{ part: CallPart; said: string[]; sent: string[]; press: (name: string) => void; microphone: Microphone }> {
  const said: string[] = [];
  const sent: string[] = [];
  const post = async (where: string) => {
    sent.push(where.replace(/recording=[0-9a-f]+/, "recording=…"));
    return 204;
  };
  const microphone = new Microphone();
  Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia: async () => microphone } });
  const place = document.body.appendChild(document.createElement("section"));
  let keys = 0;
  const part = await open({ place, language: "en", config, say: (frame: ClientFrame) => void said.push(frame.type), post, fresh: () => `key-${++keys}` });
  const press = (name: string) => [...place.querySelectorAll("button")].find((one) => one.textContent === name)!.click();
  part.ask();
  press("Call now");
  await vi.waitFor(() => expect(said).toEqual(["call"]), { timeout: 60_000 });
  return { part, said, sent, press, microphone };
}

const title = () => document.querySelector("h2")!.textContent;

beforeEach(() => {
  document.body.replaceChildren();
  sessionStorage.clear();
});

describe("a call that is hung up", () => {
  it("is over for the visitor at once, and for the hub whenever it hears of the call", async () => {
    const { part, said, press, microphone } = await calling();
    press("Hang up");
    expect(said).toEqual(["call", "hang_up"]);
    expect([title(), microphone.active]).toEqual(["The call has ended", false]);
    part.hear(told(waiting()));
    expect(said).toEqual(["call", "hang_up", "hang_up"]);
    part.hear(told(waiting({ state: "over", hears: "nothing" })));
    expect(said.length).toBe(3);
    expect(title()).toBe("The call has ended");
  });

  it("is hung up by the page that has its line again", async () => {
    const { part, said, press } = await calling();
    part.hear(told(waiting()));
    press("Hang up");
    part.hear(welcomed(waiting({ here: false })));
    expect(said.slice(2)).toEqual(["call", "hang_up"]);
  });

  it("takes no other call of the same person with it", async () => {
    const { part, said, press } = await calling();
    part.hear(told(waiting()));
    press("Hang up");
    part.hear(welcomed(waiting({ id: 8, here: false })));
    expect(said).toEqual(["call", "hang_up"]);
  });

  it("is asked for once more when the hub could not store it", async () => {
    const { part, said, press } = await calling();
    press("Hang up");
    part.hear({ type: "problem", code: "unavailable", client_message_id: null, after_ms: 1 });
    await vi.waitFor(() => expect(said).toEqual(["call", "hang_up", "hang_up"]), { timeout: 60_000 });
  });
});

describe("a page that goes away", () => {
  it("says so while it has a call, and not after", async () => {
    const { part, said, press } = await calling();
    part.hear(told(waiting()));
    dispatchEvent(new Event("pagehide"));
    expect(said).toEqual(["call", "leave"]);
    press("Hang up");
    dispatchEvent(new Event("pagehide"));
    expect(said).toEqual(["call", "leave", "hang_up"]);
  });
});

/** A recorder that hears one word in the first second. */
class Recorder {
  state = "inactive";
  ondataavailable: (event: { data: Blob }) => void = () => undefined;
  onstop: () => void = () => undefined;
  start(): void {
    this.state = "recording";
    setTimeout(() => this.ondataavailable({ data: new Blob(["word"]) }), 1_000);
  }
  stop(): void {
    this.state = "inactive";
    this.onstop();
  }
}

/** Just enough of it for a tone. */
class Tone {
  currentTime = 0;
  destination = {};
  gain = { value: 0, setValueAtTime: () => undefined, linearRampToValueAtTime: () => undefined, exponentialRampToValueAtTime: () => undefined };
  frequency = { value: 0 };
  resume = async () => undefined;
  close = async () => undefined;
  createGain = () => this;
  createOscillator = () => this;
  connect = () => this;
  disconnect = () => undefined;
  start = () => undefined;
  stop = () => undefined;
}

describe("a page that may record a message", () => {
  beforeEach(() => {
    vi.stubGlobal("MediaRecorder", Recorder);
    vi.stubGlobal("AudioContext", Tone);
  });
  afterEach(() => void vi.unstubAllGlobals());
  const text = () => document.querySelector("p")!.textContent;

  it("sends it while it is spoken, and what is left when it goes", async () => {
    const { part, said, sent } = await calling();
    part.hear(told(waiting({ state: "voicemail", hears: "recorder" })));
    await vi.waitFor(() => expect(sent).toEqual([expect.stringMatching(/^calls\/7\/message\?recording=…&seq=1&duration=\d+&last=false$/)]), { timeout: 60_000 });
    expect(text()).toBe("Recording. Speak now.");
    part.hear(told(waiting({ state: "voicemail", hears: "recorder", message: true })));
    dispatchEvent(new Event("pagehide"));
    expect(sent.slice(1)).toEqual([expect.stringMatching(/seq=2&duration=\d+&last=true$/)]);
    expect(said).toEqual(["call", "leave"]);
  });

  it("ends the message that a page before it began, and records none", async () => {
    const { part, sent } = await calling();
    part.hear(told(waiting({ state: "voicemail", hears: "recorder", message: true })));
    part.hear(told(waiting({ state: "voicemail", hears: "recorder", message: true, wait: 1 })));
    await vi.waitFor(() => expect(sent).toEqual(["calls/7/message?recording=…&seq=1&duration=0&last=true"]), { timeout: 60_000 });
    expect(text()).toBe("");
  });
});
