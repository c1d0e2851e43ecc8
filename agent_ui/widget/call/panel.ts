// The call as it is seen, above the messages.

import { h } from "../dom";
import type { ShownCall } from "../protocol";
import type { CallSay } from "./words/words";

export type Doing = "nothing" | "asking" | "microphone" | "calling" | "call" | "over" | "refused";

export interface Seen {
  doing: Doing;
  call: ShownCall | null;
  muted: boolean;
  connected: boolean;
  poor: boolean;
  recording: boolean;
  sending: boolean;
}

export interface Hands {
  start(): void;
  cancel(): void;
  hangUp(): void;
  mute(): void;
  press(seq: number, digit: string): void;
  send(): void;
}

export class Panel {
  trouble: "no_microphone" | "not_allowed" | "too_many" | "failed" = "failed";
  private readonly title = h("h2", {});
  private readonly text = h("p", { role: "status" });
  private readonly keys = h("div", { class: "keys" });
  private readonly hint = h("p", { class: "hint" });
  private readonly buttons = h("div", { class: "buttons" });
  private stamp = "";
  private keysStamp = "";

  constructor(
    private readonly place: HTMLElement,
    private readonly say: CallSay,
    private readonly consent: string,
    private readonly hands: Hands,
  ) {
    place.setAttribute("aria-label", say("call"));
    place.append(this.title, this.text, this.keys, this.hint, this.buttons);
  }

  show(seen: Seen): void {
    this.place.hidden = seen.doing === "nothing";
    this.place.dataset["state"] = seen.doing === "call" ? (seen.call?.state ?? "") : seen.doing;
    this.place.dataset["connected"] = String(seen.connected);
    put(this.title, this.titleOf(seen));
    put(this.text, this.textOf(seen));
    put(this.hint, this.hintOf(seen));
    this.showKeys(seen);
    this.showButtons(seen);
  }

  focus(): void {
    this.buttons.querySelector("button")?.focus();
  }

  private titleOf({ doing, call, connected }: Seen): string {
    const { say } = this;
    if (doing === "asking") return say("ask");
    if (doing === "microphone" || doing === "calling") return say("calling");
    if (doing === "refused") return say("refused");
    if (doing === "over") return say("over");
    if (!call) return say("calling");
    if (call.state === "talking" && call.hears !== "music") return call.name ? say("talking", { name: call.name }) : say("talking_someone");
    if (call.state === "held" || (call.state === "talking" && connected)) return say("held");
    return say(call.state === "opening" || call.state === "over" ? "calling" : call.state === "talking" ? "connecting" : call.state);
  }

  private textOf({ doing, call, recording, sending }: Seen): string {
    const { say } = this;
    if (doing === "asking") return this.consent;
    if (doing === "microphone") return say("allow");
    if (doing === "refused") return say(this.trouble);
    if (doing !== "call" || !call) return "";
    if (sending) return say("sending");
    if (recording) return say("recording");
    if (call.prompt) return call.prompt.text;
    if (call.position === null || call.state !== "waiting") return "";
    const place = call.position === 1 ? say("next") : say("place", { n: call.position });
    const minutes = call.wait === null ? 0 : Math.max(1, Math.ceil(call.wait / 60_000));
    return minutes ? `${place} ${say("minutes", { n: minutes })}` : place;
  }

  private hintOf({ doing, call, muted, poor }: Seen): string {
    if (doing !== "call" || !call) return "";
    const said = [call.recorded && this.say("recorded"), muted && this.say("muted"), poor && this.say("poor")];
    return said.filter(Boolean).join(" ");
  }

  private showKeys({ doing, call }: Seen): void {
    const prompt = doing === "call" ? call?.prompt : null;
    const stamp = prompt?.digits ? String(prompt.seq) : "";
    if (stamp === this.keysStamp) return;
    this.keysStamp = stamp;
    const key = (digit: string) => {
      const meaning = prompt?.choices[digit];
      const press = () => {
        this.hands.press(prompt!.seq, digit);
        this.keys.querySelectorAll("button").forEach((one) => (one.disabled = true));
      };
      return h("button", { type: "button", "aria-label": meaning ? `${digit}: ${meaning}` : digit, onclick: press }, h("b", {}, digit), meaning ? ` ${meaning}` : null);
    };
    this.keys.replaceChildren(...[...(stamp ? prompt!.digits : "")].map(key));
  }

  private showButtons({ doing, muted, recording, sending, call }: Seen): void {
    const stamp = `${doing}${muted}${recording}${sending}${call?.hears === "recorder"}`;
    if (stamp === this.stamp) return;
    const hadFocus = this.buttons.contains(document.activeElement);
    this.stamp = stamp;
    const { say, hands } = this;
    const button = (text: string, run: () => void, kind = "") => h("button", { type: "button", class: kind, disabled: sending, onclick: run }, text);
    const shown: (HTMLElement | false)[] = [];
    if (doing === "asking") shown.push(button(say("start"), hands.start, "go"), button(say("cancel"), hands.cancel));
    if (doing === "refused") shown.push(button(say("again"), hands.start, "go"), button(say("close"), hands.cancel));
    if (doing === "over") shown.push(button(say("close"), hands.cancel));
    if (doing === "call" && recording) shown.push(button(say("send"), hands.send, "go"));
    if (doing === "call" && !recording) shown.push(button(say(muted ? "unmute" : "mute"), hands.mute));
    if (doing === "call" || doing === "calling") shown.push(button(say("hang_up"), hands.hangUp, "end"));
    this.buttons.replaceChildren(...shown.filter((one) => one !== false));
    if (hadFocus) this.focus();
  }
}

/** Changes a text only when it is another, so that it is read out once. */
function put(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}
