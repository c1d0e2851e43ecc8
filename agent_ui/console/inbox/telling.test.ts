import { beforeAll, describe, expect, it } from "vitest";
import type { EntryValue, Notice, QueueValue } from "../wire";
import { agent } from "../../shared/testing";
import { speak } from "../words/words.svelte";
import { noticeInWords } from "./notices";
import { problemInWords } from "./problems";

const desk = { me: agent(1, { name: "Olena" }), queues: new Map<number, QueueValue>() };
const told = (code: string, facts: Notice["facts"] = {}) => noticeInWords({ notice: { code, facts } } as EntryValue, desk);

beforeAll(() => speak("en"));

describe("a line of the timeline", () => {
  it("says that an address may not be written to, and why when somebody knows", () => {
    expect(told("reach_opted_out", { address: "+48 512 555 018", reason: null })).toBe("+48 512 555 018 asked not to be written to");
    expect(told("reach_bounced", { address: "ada@example.org", reason: "There is no such mailbox." })).toBe("Mail to ada@example.org comes back: There is no such mailbox.");
  });

  it("says how the customer rates a conversation, with their words when there are any", () => {
    expect(told("rated", { score: 5, words: null })).toContain("5 of 5");
    expect(told("rated", { score: 2, words: "slow" })).toContain("“slow”");
  });

  it("says something of what a later hub tells, too", () => {
    expect(told("teleported")).toContain("teleported");
    expect(problemInWords("quantum")).toBe(problemInWords("other"));
  });
});

describe("a message that could not be read as a whole", () => {
  it("says so in other words for what a person does about in another way", () => {
    const said = ["crash", "timeout", "too_large", "file_missing", "not_fetched", "not_understood", "cut", "empty", "quantum"].map(problemInWords);
    expect(new Set(said).size).toBe(said.length);
  });
});
