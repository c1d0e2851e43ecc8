import { describe, expect, it } from "vitest";
import type { CallValue, LegValue } from "../wire";
import { hears, isRecorded, ownerOf, partnersOf } from "./mix";

function leg(id: number, more: Partial<LegValue>): LegValue {
  return { id, role: "agent", state: "connected", mode: "talk", agent_id: id, device: `tab-${id}`, muted: false, ...more } as LegValue;
}

const contact = leg(1, { role: "customer", agent_id: null, device: "" });
const anna = leg(2, {});
const ben = leg(3, { mode: "consult" });
const eve = leg(4, { role: "supervisor", mode: "monitor" });

function call(legs: LegValue[], more: Partial<CallValue> = {}): CallValue {
  return { id: 9, state: "talking", agent_id: 2, prompt: null, legs, ...more } as CallValue;
}

describe("who connects with whom", () => {
  it("is a star around whoever has the call", () => {
    const now = call([contact, anna, ben, eve]);
    expect(ownerOf(now)?.id).toBe(2);
    expect(partnersOf(now, anna).map((one) => one.id)).toEqual([1, 3, 4]);
    expect(partnersOf(now, ben).map((one) => one.id)).toEqual([2]);
  });

  it("leaves out who is only asked, lost, over or on a telephone", () => {
    const others = [leg(5, { state: "invited" }), leg(6, { state: "lost" }), leg(7, { state: "ended" }), leg(8, { device: "phone" })];
    expect(partnersOf(call([contact, anna, ...others]), anna).map((one) => one.id)).toEqual([1]);
  });

  it("goes over to the next one when the call is handed on", () => {
    const now = call([contact, { ...anna, state: "ended" }, { ...ben, mode: "talk" }], { agent_id: 3 });
    expect(ownerOf(now)?.id).toBe(3);
    expect(partnersOf(now, now.legs[2]!).map((one) => one.id)).toEqual([1]);
  });
});

describe("who hears whom", () => {
  it("is everybody in a conversation, but nobody hears who listens in", () => {
    const now = call([contact, anna, eve]);
    expect([hears(now, contact, anna), hears(now, anna, contact), hears(now, eve, contact), hears(now, eve, anna)]).toEqual([true, true, true, true]);
    expect([hears(now, contact, eve), hears(now, anna, eve)]).toEqual([false, false]);
  });

  it("is the agent alone when a supervisor whispers, and everybody when they barge in", () => {
    const whispering = { ...eve, mode: "whisper" as const };
    const now = call([contact, anna, whispering]);
    expect([hears(now, anna, whispering), hears(now, contact, whispering), isRecorded(now, whispering)]).toEqual([true, false, false]);
    const barging = { ...eve, mode: "barge" as const };
    expect([hears(call([contact, anna, barging]), contact, barging), isRecorded(call([contact, anna, barging]), barging)]).toEqual([true, true]);
  });

  it("keeps a contact who is held apart from those who speak about it", () => {
    const now = call([contact, anna, ben], { state: "held" });
    expect([hears(now, anna, ben), hears(now, ben, anna)]).toEqual([true, true]);
    expect([hears(now, contact, anna), hears(now, anna, contact), hears(now, contact, ben), isRecorded(now, anna)]).toEqual([false, false, false, false]);
  });

  it("leaves out who is muted, and a contact who is told something", () => {
    const muted = { ...anna, muted: true };
    expect(hears(call([contact, muted]), contact, muted)).toBe(false);
    expect(isRecorded(call([contact, muted]), muted)).toBe(false);
    expect(hears(call([contact, anna], { prompt: { seq: 1 } as CallValue["prompt"] }), anna, contact)).toBe(false);
  });
});
