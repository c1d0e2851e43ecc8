import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Config } from "../model";
import type { ClientFrame, ServerFrame, ShownCall } from "../protocol";
import { open, type CallPart } from "./part";

const config: Config = { title: "", colour: "#336699", default_language: "en", greeting: {}, pre_chat: [], offline_form: true, max_file_bytes: 0, file_types: [], origins: [], calls: true, call_consent: {} };

const waiting = (changes: Partial<ShownCall> = {}): ShownCall => ({
  id: 7, state: "waiting", hears: "prompt", here: true, leg: 71, peer: null, name: "", prompt: null, position: 1, wait: null, since: 0, recorded: false, music: null, most_voicemail: 60_000, ...changes,
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

/** A page that calls: what it says to the hub, and the microphone it holds. */
async function calling(): Promise<{ part: CallPart; said: string[]; press: (name: string) => void; microphone: Microphone }> {
  const said: string[] = [];
  const microphone = new Microphone();
  Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia: async () => microphone } });
  const place = document.body.appendChild(document.createElement("section"));
  let keys = 0;
  const part = await open({ place, language: "en", config, say: (frame: ClientFrame) => void said.push(frame.type), upload: async () => "failed" as never, fresh: () => `key-${++keys}` });
  const press = (name: string) => [...place.querySelectorAll("button")].find((one) => one.textContent === name)!.click();
  part.ask();
  press("Call now");
  await vi.waitFor(() => expect(said).toEqual(["call"]), { timeout: 60_000 });
  return { part, said, press, microphone };
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
