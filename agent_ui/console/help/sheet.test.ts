import { describe, expect, it } from "vitest";
import { Keys, type Command } from "../keys.svelte";
import { sections } from "./sheet";

const say = (told: string) => told;

function pressed(key: string, target: EventTarget = document.body, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, cancelable: true, bubbles: true, ...more });
  Object.defineProperty(event, "target", { value: target });
  return event;
}

describe("the help page", () => {
  it("tells every key of the plan once", () => {
    const all = sections([], say).flatMap(({ lines }) => lines);
    const keys = all.flatMap((line) => line.keys);
    for (const key of ["j", "k", "Enter", "r", "n", "a", "s", "e", "/", "Mod+k", "?"]) expect(keys, key).toContain(key);
    expect(new Set(all.map(({ label }) => label)).size).toBe(all.length);
  });

  it("adds what the screen offers, without saying a key twice", () => {
    const commands: Command[] = [
      { id: "reply", label: () => "Reply again", keys: ["r"], group: "conversation", run: () => undefined },
      { id: "tag", label: () => "Tags", keys: ["t"], group: "conversation", run: () => undefined },
      { id: "silent", label: () => "No key", group: "conversation", run: () => undefined },
    ];
    const labels = sections(commands, say).flatMap(({ lines }) => lines.map(({ label }) => label));
    expect(labels).toContain("Tags");
    expect(labels).not.toContain("Reply again");
    expect(labels).not.toContain("No key");
  });
});

describe("the keys", () => {
  const run: string[] = [];
  const command = (id: string, keys: string[], more: Partial<Command> = {}): Command => ({ id, keys, label: () => id, group: "everywhere", run: () => run.push(id), ...more });

  it("mean nothing while one types in a field", () => {
    const keys = new Keys();
    keys.add(command("next", ["j"]), command("palette", ["Mod+k"], { whileTyping: true }));
    const field = document.createElement("textarea");
    expect(keys.press(pressed("j", field))).toBe(false);
    expect(keys.press(pressed("j"))).toBe(true);
    expect(keys.press(pressed("k", field, { ctrlKey: true }))).toBe(true);
    expect(run.splice(0)).toEqual(["next", "palette"]);
  });

  it("mean what was added last while it is there, and only when it makes sense", () => {
    const keys = new Keys();
    keys.add(command("open", ["Enter"]));
    const leave = keys.add(command("accept", ["Enter"]), command("never", ["Enter"], { when: () => false }));
    keys.press(pressed("Enter"));
    leave();
    keys.press(pressed("Enter"));
    expect(run.splice(0)).toEqual(["accept", "open"]);
  });

  it("work by the key cap where letters are not Latin", () => {
    const keys = new Keys();
    keys.add(command("next", ["j"]));
    expect(keys.press(pressed("о", document.body, { code: "KeyJ" }))).toBe(true);
    expect(run.splice(0)).toEqual(["next"]);
  });
});
