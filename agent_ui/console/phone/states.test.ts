import { describe, expect, it } from "vitest";
import { agent, call, leg } from "../../shared/testing";
import { callRows } from "../search/results";
import type { CallValue, TransferValue } from "../wire";
import { cutOff, keyless, legOf, mayWriteDown, possible, standingOf } from "./states";
import { looksLikeNumber, targetsOf } from "./targets";

const transfer: TransferValue = { kind: "attended", by_agent_id: 1, at: 0, leg_id: 4, to_agent_id: 2, to_queue_id: null, to_number: "", result: "" };
const customer = leg(2, { role: "customer", agent_id: null });
const talking = (changes: Partial<CallValue> = {}) => call(1, { legs: [customer, leg(3)], ...changes });

describe("how a call stands for me", () => {
  it("is told by the state of my own part first", () => {
    expect(standingOf(talking(), 1)).toBe("talking");
    expect(standingOf(talking({ legs: [customer, leg(3, { state: "lost" })] }), 1)).toBe("lost");
    expect(standingOf(talking({ legs: [customer, leg(3, { state: "dialling", device: "phone" })] }), 1)).toBe("own_phone");
    expect(standingOf(talking({ state: "ringing", direction: "out" }), 1)).toBe("ringing_out");
    expect(standingOf(talking({ state: "held" }), 1)).toBe("held");
  });

  it("is away while the contact's page is gone, whatever else the call is", () => {
    const gone = leg(2, { role: "customer", agent_id: null, away_since: 5 });
    for (const state of ["talking", "held"] as const) expect(standingOf(talking({ state, legs: [gone, leg(3)] }), 1)).toBe("away");
    expect(standingOf(talking({ legs: [gone, leg(3, { state: "lost" })] }), 1)).toBe("lost");
    expect(possible(talking({ legs: [gone, leg(3)] }), 1)).toMatchObject({ hold: true, transfer: true });
  });

  it("has lost the contact, the agent, or nobody", () => {
    const gone = leg(2, { role: "customer", agent_id: null, away_since: 5 });
    const lost = leg(3, { state: "lost" });
    const third = leg(4, { role: "third", agent_id: null });
    expect([[customer, leg(3)], [gone, lost], [customer, lost], [customer, lost, third]].map((legs) => cutOff(talking({ legs })))).toEqual(["", "contact", "agent", ""]);
  });

  it("is asking until the colleague is there, and consulting then", () => {
    const invited = talking({ state: "held", transfers: [transfer], legs: [customer, leg(3), leg(4, { agent_id: 2, mode: "consult", state: "invited", asked_by: 1 })] });
    expect(standingOf(invited, 1)).toBe("asking");
    expect(possible(invited, 1)).toMatchObject({ complete: false, cancel: true, transfer: false, hold: false });
    const there = { ...invited, legs: [customer, leg(3), leg(4, { agent_id: 2, mode: "consult", asked_by: 1 })] };
    expect(standingOf(there, 1)).toBe("consulting");
    expect(possible(there, 1)).toMatchObject({ complete: true, cancel: true, threeWay: true });
    expect(standingOf(there, 2)).toBe("consulted");
  });

  it("takes the part that lives, not the one that a refresh replaced", () => {
    const refreshed = talking({ legs: [customer, leg(3, { state: "ended", reason: "replaced" }), leg(5, { device: "new" })] });
    expect(legOf(refreshed, 1)?.id).toBe(5);
  });

  it("lets a supervisor who listens do nothing but leave", () => {
    const listened = talking({ legs: [customer, leg(3, { agent_id: 2 }), leg(6, { role: "supervisor", mode: "monitor" })] });
    expect(standingOf(listened, 1)).toBe("monitor");
    expect(Object.values(possible(listened, 1)).some(Boolean)).toBe(false);
  });
});

describe("the keys of a softphone", () => {
  const here = { media: "sip", elsewhere: false, playedElsewhere: false };

  it("reach the contact over a telephone line whose sound is in this tab", () => {
    expect(keyless(talking(), 1, here)).toBe("");
    expect(keyless(talking(), 1, { ...here, media: "twilio" })).toBe("");
  });

  it("reach nobody anywhere else, and it is said why", () => {
    expect(keyless(talking(), 1, { ...here, media: "webrtc", elsewhere: true })).toBe("page");
    expect(keyless(talking({ legs: [customer, leg(3, { device: "phone" })] }), 1, here)).toBe("own_phone");
    expect(keyless(talking(), 1, { ...here, elsewhere: true })).toBe("elsewhere");
    expect(keyless(talking(), 1, { ...here, media: "twilio", playedElsewhere: true })).toBe("stand_in");
  });
});

describe("whom a call can go to", () => {
  it("is everybody but me, those who are free first", () => {
    const agents = [agent(1), agent(2, { name: "Zoe", present: true }), agent(3, { name: "Adam", activity: "offline" })];
    expect(targetsOf(agents, [], 1, "").map(({ name, free }) => [name, free])).toEqual([["Zoe", true], ["Adam", false]]);
    expect(targetsOf(agents, [], 1, "ad").map(({ id }) => id)).toEqual([3]);
  });

  it("is a number when it looks like one", () => {
    for (const number of ["+49 (30) 1234-567", "112", "067.123.45.67"]) expect(looksLikeNumber(number), number).toBe(true);
    for (const words of ["", "12", "order 10482", "+49 30 1234 567 890 123 45", "4-"]) expect(looksLikeNumber(words), words).toBe(false);
  });

  it("is called from the palette, with a word for it or without", () => {
    const called: string[] = [];
    const words = { label: (number: string) => `Call ${number}`, verbs: "call ring", shape: "", run: (number: string) => void called.push(number) };
    for (const typed of ["call +49 30 1234", "+4930", "call Anna", "order 4930"]) callRows(typed, words).forEach((row) => row.run());
    expect(called).toEqual(["+49 30 1234", "+4930"]);
  });
});

describe("who says what came of a call", () => {
  it("is whoever has it, spoke in it, or supervises it", () => {
    const spoke = leg(3, { state: "ended", connected_at: 5 });
    const may = (legs: CallValue["legs"], agentId = 2) => mayWriteDown(call(1, { agent_id: agentId, legs: [customer, ...legs] }), 1, false);
    expect(may([spoke])).toBe(true);
    expect(may([], 1)).toBe(true);
    expect([may([]), may([{ ...spoke, connected_at: null }]), may([{ ...spoke, mode: "consult" }]), may([{ ...spoke, role: "supervisor", mode: "barge" }])]).toEqual([false, false, false, false]);
    expect(mayWriteDown(call(1, { agent_id: 2 }), 1, true)).toBe(true);
  });
});
