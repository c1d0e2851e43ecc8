import { beforeEach, describe, expect, it } from "vitest";
import type { Config, Model } from "./model";
import type { Profile } from "./protocol";
import { nothing } from "./state";
import { View } from "./view";
import { speaker } from "./words/words";

const config: Config = { title: "", colour: "#336699", default_language: "en", greeting: {}, pre_chat: [], offline_form: true, max_file_bytes: 0, file_types: [], origins: [], calls: true, call_consent: {} };
const model = (changes: Partial<Model> = {}): Model => ({ state: nothing, unsent: [], line: "open", cut: false, attachments: [], problem: "", profile: null, now: 0, ...changes });
const away = model({ state: { ...nothing, ready: true, available: false } });

/** A chat on the screen: keeps what is sent and what is typed, as the real one does. */
async function shown(): Promise<{ view: View; sent: [string, Profile | undefined][] }> {
  const sent: [string, Profile | undefined][] = [];
  let draft = "";
  const actions = {
    send: (text: string, profile?: Profile) => (sent.push([text, profile]), (draft = ""), true),
    typed: (text: string) => void (draft = text),
    attach: () => undefined,
    detach: () => undefined,
    more: () => undefined,
    again: () => undefined,
    discard: () => undefined,
    call: () => undefined, close: () => undefined,
  };
  const view = new View(await speaker("en"), "en", config, "", () => draft, actions);
  view.show(model());
  return { view, sent };
}

const box = (): HTMLTextAreaElement => document.querySelector("footer textarea")!;
const write = (text: string): void => {
  box().value = text;
  box().dispatchEvent(new Event("input", { bubbles: true }));
};
const enter = (): boolean => box().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));

beforeEach(() => document.body.replaceChildren());

describe("what a visitor is writing", () => {
  it("is sent by Enter although everybody went away meanwhile, however long it is", async () => {
    const { view, sent } = await shown();
    write("x".repeat(20_000));
    view.show(away);
    enter();
    expect(sent.map(([text]) => text.length)).toEqual([20_000]);
    expect(box().value).toBe("");
  });

  it("becomes a form's message when nothing was written yet and nobody is there", async () => {
    const { view } = await shown();
    view.show(away);
    expect(document.querySelector("footer input[name=email]")).not.toBeNull();
  });

  it("is sent by Enter from the form too, once the form is complete; until then the form says what is missing", async () => {
    const { view, sent } = await shown();
    view.show(away);
    write("x".repeat(20_000));
    expect(enter()).toBe(false);
    expect(sent).toEqual([]);
    expect(document.querySelector("#e-email")?.textContent).not.toBe("");
    document.querySelector<HTMLInputElement>("footer input[name=email]")!.value = "ada@example.org";
    enter();
    expect(sent.map(([text, profile]) => [text.length, profile?.email])).toEqual([[20_000, "ada@example.org"]]);
  });

  it("breaks the line with Shift and Enter, and while characters are composed", async () => {
    const { view, sent } = await shown();
    view.show(away);
    write("hello");
    expect(box().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", shiftKey: true, bubbles: true, cancelable: true }))).toBe(true);
    expect(box().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }))).toBe(true);
    expect(sent).toEqual([]);
  });
});
