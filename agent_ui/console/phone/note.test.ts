import { beforeEach, describe, expect, it } from "vitest";
import { CallNote } from "./note.svelte";

/** A hub that has what it took; while it is `away` it takes nothing. */
class Hub {
  has = "";
  away = false;
  asked = 0;
  readonly hand = async (note: string): Promise<boolean> => {
    this.asked += 1;
    if (this.away) return false;
    this.has = note;
    return true;
  };
}

describe("the note of a call", () => {
  beforeEach(() => sessionStorage.clear());

  it("is handed over once, and only when it is another", async () => {
    const hub = new Hub();
    const note = new CallNote("1.7", "Wants two.", hub.hand);
    expect([note.words, note.unsaved, await note.flush(), hub.asked]).toEqual(["Wants two.", false, true, 0]);
    note.words = "Wants three. ";
    note.typed();
    await Promise.all([note.flush(), note.flush()]);
    expect([hub.has, hub.asked, sessionStorage.length]).toEqual(["Wants three.", 1, 0]);
  });

  it("is not lost when the hub does not take it, and is tried again", async () => {
    const hub = new Hub();
    hub.away = true;
    const note = new CallNote("1.7", "", hub.hand);
    note.words = "Wants blue.";
    note.typed();
    expect([await note.flush(), note.unsaved, note.words]).toEqual([false, true, "Wants blue."]);
    hub.away = false;
    expect([await note.flush(), note.unsaved, hub.has]).toEqual([true, false, "Wants blue."]);
  });

  it("is there again where its field was closed before the hub had it", async () => {
    const hub = new Hub();
    hub.away = true;
    const closed = new CallNote("1.7", "Old.", hub.hand);
    closed.words = "New.";
    closed.typed();
    await closed.flush();
    expect([new CallNote("1.8", "Other.", hub.hand).words, new CallNote("1.7", "Old.", hub.hand).words]).toEqual(["Other.", "New."]);
    const again = new CallNote("1.7", "Old.", hub.hand);
    expect(again.unsaved).toBe(true);
    hub.away = false;
    expect([await again.flush(), hub.has]).toEqual([true, "New."]);
    expect(new CallNote("1.7", "New.", hub.hand).unsaved).toBe(false);
  });

  it("keeps what is typed while older words are on their way", async () => {
    let arrive: (done: boolean) => void = () => undefined;
    const note = new CallNote("1.7", "", () => new Promise((done) => (arrive = done)));
    note.words = "One";
    note.typed();
    const first = note.flush();
    await Promise.resolve();
    note.words = "One, two";
    note.typed();
    arrive(true);
    expect(await first).toBe(true);
    expect(new CallNote("1.7", "One", async () => true).words).toBe("One, two");
  });
});
