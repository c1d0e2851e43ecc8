// The form before the chat, or instead of it when nobody is here.

import { h } from "./dom";
import type { Profile } from "./protocol";
import type { Say } from "./words/words";

export interface Field {
  name: "name" | "email" | "phone";
  required: boolean;
}

const complete = { name: "name", email: "email", phone: "tel" } as const;

/** A form that asks `fields` and the message, and hands both on once they make sense. */
export function form(
  say: Say,
  kind: "pre" | "offline",
  fields: readonly Field[],
  known: Profile,
  draft: string,
  done: (profile: Profile, text: string) => void,
  typed: (text: string) => void,
): HTMLFormElement {
  const inputs = new Map<string, HTMLInputElement | HTMLTextAreaElement>();
  const row = (name: "name" | "email" | "phone" | "message", required: boolean) => {
    const shared = { id: `f-${name}`, name, "aria-required": required, "aria-describedby": `e-${name}` };
    const input =
      name === "message"
        ? h("textarea", { ...shared, rows: 3, oninput: () => typed(input.value), onkeydown: sends })
        : h("input", { ...shared, type: complete[name], autocomplete: complete[name], maxlength: 200 });
    input.value = name === "message" ? draft : (known[name] ?? "");
    inputs.set(name, input);
    const label = h("label", { for: `f-${name}` }, say(name), !required && h("i", {}, ` (${say("optional")})`));
    return h("p", {}, label, input, h("em", { id: `e-${name}`, role: "alert" }));
  };
  // As where one writes otherwise: whoever presses Enter has it sent, or is told what is missing.
  const sends = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    element.requestSubmit();
  };
  const wrong = (name: string, value: string, required: boolean) =>
    required && !value ? say("required") : name === "email" && value && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? say("email_wrong") : "";
  const element = h(
    "form",
    {
      novalidate: true,
      onsubmit: (event: Event) => {
        event.preventDefault();
        let first: HTMLElement | undefined;
        for (const [name, input] of inputs) {
          const required = name === "message" || !!fields.find((f) => f.name === name)?.required;
          const trouble = wrong(name, input.value.trim(), required);
          element.querySelector(`#e-${name}`)!.textContent = trouble;
          input.setAttribute("aria-invalid", String(!!trouble));
          if (trouble) first ??= input;
        }
        if (first) return first.focus();
        const profile: Profile = {};
        for (const { name } of fields) profile[name] = inputs.get(name)!.value.trim();
        done(profile, inputs.get("message")!.value);
      },
    },
    h("p", { class: "intro" }, say(kind === "pre" ? "form_intro" : "offline_intro")),
    ...fields.map((f) => row(f.name, f.required)),
    row("message", true),
    h("button", { class: "main", type: "submit" }, say(kind === "pre" ? "start" : "leave")),
  );
  return element;
}
