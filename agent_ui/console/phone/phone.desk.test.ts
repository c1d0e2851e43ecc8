import { beforeEach, describe, expect, it } from "vitest";
import { call, emptySnapshot, leg } from "../../shared/testing";
import { Http } from "../api/http";
import type { Desk } from "../desk/desk.svelte";
import { toasts } from "../parts/toasts.svelte";
import type { CallValue } from "../wire";
import { Phone } from "./phone.svelte";
import { SilentPort } from "./port";

const TAB = "this-tab";

/** A port that writes down what it was handed. */
class Recorder extends SilentPort {
  readonly attached: number[][] = [];

  override attach(calls: readonly CallValue[] = []): void {
    this.attached.push(calls.map((one) => one.version));
  }
}

/** A desk whose hub answers every act on a call with what it is told. */
function desk(calls: CallValue[], refuse = new Set<string>()) {
  const asked: string[] = [];
  const http = new Http(async (url, init) => {
    const act = `${init.method} ${url.replace("/api/v1", "")} ${String(init.body ?? "")}`.trim();
    asked.push(act);
    if ([...refuse].some((one) => act.includes(one))) return Response.json({ code: "conflict", detail: "Nobody speaks with the caller yet.", why: "nobody_speaks" }, { status: 409 });
    return Response.json(calls[0] ?? {});
  });
  const snapshot = { ...emptySnapshot(), calls };
  return { asked, desk: { http, live: snapshot, me: snapshot.me, phoneHeard: new Set() } as unknown as Desk };
}

const mine = (device: string, changes: Partial<CallValue> = {}) => call(7, { legs: [leg(1, { role: "customer", agent_id: null }), leg(2, { device })], ...changes });

describe("the console's phone", () => {
  beforeEach(() => {
    sessionStorage.setItem("switchboard.phone.tab", TAB);
    toasts.all = [];
  });

  function phoneOf(held: CallValue[], refuse?: Set<string>) {
    const { asked, desk: one } = desk(held, refuse);
    const port = new Recorder(TAB);
    return { asked, port, phone: new Phone(one, async () => () => port) };
  }

  it("asks for a new leg after a refresh before it carries anything, and only then", async () => {
    const { asked, port, phone } = phoneOf([mine(TAB)]);
    const first = phone.follow();
    expect(port.attached).toEqual([]);
    await first;
    expect(asked).toEqual([`POST /calls/7/rejoin {"device":"${TAB}"}`]);
    await phone.follow();
    expect([asked.length, port.attached.length]).toEqual([1, 2]);
  });

  it("leaves a call to the tab that carries it, and loads nothing for it", async () => {
    const { asked, port, phone } = phoneOf([mine("another-tab")]);
    await phone.follow();
    expect([asked, port.attached]).toEqual([[], []]);
    expect(phone.isElsewhere(mine("another-tab"))).toBe(true);
    expect(phone.isElsewhere(mine("phone"))).toBe(false);
  });

  it("takes up a call whose sound was lost", async () => {
    const lost = mine("a-tab-that-is-gone");
    const { asked, phone } = phoneOf([{ ...lost, legs: lost.legs.map((one) => (one.agent_id ? { ...one, state: "lost" as const } : one)) }]);
    await phone.follow();
    expect(asked).toHaveLength(1);
  });

  it("takes up what was lost while the machine slept, when it wakes up", async () => {
    const held = mine("another-tab");
    const { asked, phone } = phoneOf([held]);
    await phone.follow();
    await phone.comeBack();
    expect(asked).toEqual([]);
    Object.assign(held.legs[1]!, { state: "lost" });
    await phone.comeBack();
    expect(asked).toEqual([`POST /calls/7/rejoin {"device":"${TAB}"}`]);
  });

  it("cuts the microphone at once, and opens it again when the hub says no", async () => {
    const held = mine(TAB);
    const { port, phone } = phoneOf([held], new Set(["mute"]));
    await phone.follow();
    const asking = phone.mute(held, true);
    expect(port.muted).toBe(true);
    await asking;
    expect(port.muted).toBe(false);
    expect(toasts.all).toHaveLength(1);
  });

  it("asks once when a button is pressed twice", async () => {
    const held = mine(TAB);
    const { asked, phone } = phoneOf([held]);
    await Promise.all([phone.hold(held, true), phone.hold(held, true)]);
    expect(asked).toHaveLength(1);
  });
});
