// The chat as it is seen. `show` brings the page in step with the model; what did not change is left alone.

import { h, icon } from "./dom";
import type { Attachment } from "./files";
import { form, type Field } from "./form";
import { Formats, linked, web } from "./format";
import type { Unsent } from "./keep";
import type { Actions, Config, Model } from "./model";
import type { Profile, ShownEntry, ShownFile } from "./protocol";
import type { Key, Language, Say } from "./words/words";

const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

interface Row {
  key: string;
  stamp: string;
  make: () => HTMLElement;
}

export class View {
  private readonly formats: Formats;
  private readonly rows = new Map<string, { stamp: string; element: HTMLElement }>();
  private readonly list = h("ol", {});
  private readonly log: HTMLElement;
  private readonly status = h("small", {});
  /** Where a call is shown, once there is one. */
  readonly callPlace = h("section", { class: "call", hidden: true });
  private readonly note = h("p", { class: "note", role: "status" });
  private readonly bar: HTMLElement;
  private readonly more: HTMLButtonElement;
  private readonly chips = h("div", { class: "chips" });
  private readonly problem = h("p", { class: "problem", role: "alert" });
  private readonly input: HTMLTextAreaElement;
  private readonly composer: HTMLFormElement;
  private readonly foot = h("footer");
  private footKind = "";
  private firstId = 0;
  /** The newest message stays in view until somebody scrolls away from it. */
  private stick = true;

  constructor(
    private readonly say: Say,
    language: Language,
    private readonly config: Config,
    title: string,
    private readonly draft: () => string,
    private readonly actions: Actions,
  ) {
    this.formats = new Formats(language, say);
    this.bar = h("p", { class: "bar", role: "status", hidden: true }, say("offline"));
    this.more = h("button", { class: "more", type: "button", onclick: () => actions.more() }, say("earlier"));
    this.log = h("section", { role: "log", "aria-label": say("log"), "aria-live": "polite", tabindex: 0 }, this.more, this.list, this.note);
    this.input = h("textarea", {
      rows: 1,
      placeholder: say("write"),
      "aria-label": say("write"),
      oninput: () => this.grow(),
      onkeydown: (event: KeyboardEvent) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          this.submit();
        }
      },
    });
    this.composer = this.makeComposer();
    document.body.append(
      h(
        "header",
        {},
        h("div", {}, h("h1", {}, title), this.status),
        config.calls && h("button", { class: "icon", type: "button", "aria-label": say("call"), title: say("call"), onclick: () => actions.call() }, icon("phone")),
        h("button", { class: "icon", type: "button", "aria-label": say("close"), onclick: () => actions.close() }, icon("x")),
      ),
      this.bar,
      this.callPlace,
      h("main", {}, this.log),
      this.foot,
    );
    this.listen();
  }

  private toEnd(): void {
    if (this.stick) this.log.scrollTop = this.log.scrollHeight;
  }

  /** Put the cursor where one writes. */
  focus(): void {
    (this.foot.querySelector<HTMLElement>("input:not([hidden]), textarea") ?? this.log).focus();
  }

  show(model: Model): void {
    const { state } = model;
    const height = this.log.scrollHeight;
    const first = state.entries[0]?.id ?? 0;
    this.status.textContent = state.ready ? this.say(state.available ? "online" : "away") : "";
    this.status.dataset["on"] = String(state.ready && state.available);
    this.bar.hidden = !model.cut;
    this.more.hidden = !state.hasMore;
    this.place(this.rowsOf(model));
    this.note.replaceChildren(...this.notes(model));
    this.showFoot(model);
    this.showChips(model.attachments);
    this.problem.textContent = model.problem;
    this.log.setAttribute("aria-busy", String(!state.ready));
    if (first < this.firstId) this.log.scrollTop += this.log.scrollHeight - height;
    else this.toEnd();
    this.firstId = first;
  }

  /** Forget the rows: somebody else's history comes. */
  clear(): void {
    this.rows.clear();
    this.list.replaceChildren();
    this.footKind = "";
    this.firstId = 0;
    this.stick = true;
  }

  // --- the messages -------------------------------------------------------------------------------

  private rowsOf({ state, unsent, now }: Model): Row[] {
    const rows: Row[] = [];
    const greeting = state.ready || state.entries.length ? this.greeting() : "";
    if (greeting && !state.hasMore) rows.push(this.greetingRow(greeting));
    let day = "";
    let last: ShownEntry | null = null;
    const arrived = new Set(state.entries.map((e) => e.client_message_id));
    for (const entry of state.entries) {
      const today = this.formats.day(entry.at, now);
      if (today !== day) rows.push(this.dayRow((day = today)));
      const starts = !last || last.mine !== entry.mine || last.name !== entry.name || entry.at - last.at > 300_000;
      const seen = entry.mine && entry.id <= (state.conversation?.agent_read_id ?? 0);
      rows.push({
        key: entry.client_message_id ?? `e${entry.id}`,
        stamp: `e${entry.id}${starts}${seen}`,
        make: () => this.message(entry, starts, entry.mine ? (seen ? "seen" : "sent") : null),
      });
      last = entry;
    }
    for (const message of unsent) {
      if (arrived.has(message.id)) continue;
      rows.push({ key: message.id, stamp: `u${message.failed ?? ""}`, make: () => this.unsentMessage(message) });
    }
    if (state.typing) rows.push({ key: "typing", stamp: last?.name ?? "", make: () => this.typingRow(last && !last.mine ? last.name : "") });
    return rows;
  }

  private place(rows: Row[]): void {
    const wanted = new Set(rows.map((r) => r.key));
    for (const [key, { element }] of this.rows) {
      if (!wanted.has(key)) {
        element.remove();
        this.rows.delete(key);
      }
    }
    let next = this.list.firstElementChild;
    for (const row of rows) {
      const known = this.rows.get(row.key);
      let element = known?.element;
      if (!element || known?.stamp !== row.stamp) {
        const fresh = row.make();
        if (element) {
          if (element === next) next = element.nextElementSibling;
          element.remove();
        }
        element = fresh;
        this.rows.set(row.key, { stamp: row.stamp, element });
      }
      if (element === next) next = element.nextElementSibling;
      else this.list.insertBefore(element, next);
    }
  }

  private greeting(): string {
    const own = this.config.greeting[document.documentElement.lang as Language];
    return own ?? this.config.greeting[this.config.default_language] ?? this.say("greeting");
  }

  private greetingRow(text: string): Row {
    return { key: "greeting", stamp: "", make: () => h("li", { class: "theirs greeting" }, h("div", { class: "words" }, ...linked(text))) };
  }

  private dayRow(day: string): Row {
    return { key: `d${day}`, stamp: "", make: () => h("li", { class: "day" }, day) };
  }

  private typingRow(name: string): HTMLElement {
    const text = name ? this.say("typing", { name }) : this.say("typing_someone");
    return h("li", { class: "theirs typing" }, h("span", { class: "dots", "aria-hidden": true }, h("i"), h("i"), h("i")), h("small", {}, text));
  }

  private message(entry: ShownEntry, starts: boolean, tick: "sent" | "seen" | null): HTMLElement {
    return h(
      "li",
      { class: `${entry.mine ? "mine" : "theirs"}${starts ? " starts" : ""}` },
      starts && !entry.mine && entry.name && h("b", {}, entry.name),
      entry.mine && h("span", { class: "hidden" }, this.say("you")),
      entry.text && h("div", { class: "words" }, ...linked(entry.text)),
      ...entry.files.map((f) => this.file(f)),
      h("small", {}, this.timeOf(entry.at), tick && this.tick(tick === "seen" ? "checks" : "check", tick)),
    );
  }

  private unsentMessage(message: Unsent): HTMLElement {
    const { failed } = message;
    return h(
      "li",
      { class: `mine starts${failed ? " failed" : " going"}` },
      message.text && h("div", { class: "words" }, ...linked(message.text)),
      ...message.files.map((f) => h("div", { class: "file" }, icon("file"), h("span", {}, f.name))),
      failed
        ? h(
            "small",
            { role: "alert" },
            icon("alert"),
            `${this.say("failed")}. ${this.trouble(failed)} `,
            h("button", { type: "button", onclick: () => this.actions.again(message.id) }, this.say("again")),
            h("button", { type: "button", onclick: () => this.actions.discard(message.id) }, this.say("discard")),
          )
        : h("small", {}, this.tick("clock", "sending")),
    );
  }

  private trouble(code: string): string {
    const known: readonly string[] = ["conflict", "empty", "too_large", "not_found"];
    return this.say((known.includes(code) ? code : "not_understood") as Key, { n: 20_000 });
  }

  private tick(name: "clock" | "check" | "checks", key: "sending" | "sent" | "seen"): HTMLElement {
    return h("span", { class: `tick ${key}`, title: this.say(key) }, icon(name), h("span", { class: "hidden" }, this.say(key)));
  }

  private timeOf(at: number): HTMLElement {
    return h("time", { datetime: new Date(at).toISOString(), title: this.formats.moment(at) }, this.formats.time(at));
  }

  private file(file: ShownFile): HTMLElement {
    const href = web(file.url) ? file.url : null;
    const plain = () => [icon("file"), h("span", {}, file.name), h("small", {}, this.formats.size(file.size))];
    const link = h("a", { class: "file", href, target: "_blank", rel: "noopener noreferrer", title: this.say("download", { name: file.name }) }, ...plain());
    if (href && PICTURE.test(file.type) && file.width && file.height) {
      const picture = h("img", { src: href, alt: file.name, width: file.width, height: file.height, loading: "lazy" });
      picture.onerror = () => link.replaceChildren(...plain());
      link.classList.add("picture");
      link.replaceChildren(picture);
    }
    return link;
  }

  private notes({ state }: Model): string[] {
    if (!state.conversation || !state.entries.length) return [];
    if (!state.conversation.open) return [this.say("closed")];
    if (!state.conversation.waiting) return [];
    const n = (state.queuePosition ?? 0) - 1;
    return [n > 0 ? this.say("ahead", { n }) : n === 0 ? this.say("next") : this.say("waiting")];
  }

  // --- where one writes ---------------------------------------------------------------------------

  private showFoot(model: Model): void {
    const { state } = model;
    const talks = state.conversation?.open || model.unsent.length > 0;
    const offline = state.ready && !state.available && this.config.offline_form && !talks && !state.verified;
    const asks = this.config.pre_chat.length > 0 && !model.profile && !state.entries.length && !talks && !state.verified;
    const kind = offline ? "offline" : asks ? "pre" : "composer";
    if (kind === this.footKind) return;
    // Whoever is filling in a form keeps it, also when somebody comes or goes meanwhile.
    const fills = [...this.foot.querySelectorAll<HTMLInputElement>("form:not(.composer) :is(input, textarea)")].some((i) => i.value);
    if (fills && !talks && !state.entries.length) return;
    // Nor does a form take the place of what somebody is just writing: they would press Enter, and nothing would go.
    if (this.footKind === "composer" && this.input.value.trim()) return;
    const hadFocus = this.foot.contains(document.activeElement);
    this.footKind = kind;
    if (kind === "composer") {
      this.input.value = this.draft();
      this.foot.replaceChildren(this.composer);
      this.grow();
    } else {
      const fields: Field[] = kind === "pre" ? this.config.pre_chat : [{ name: "name", required: false }, { name: "email", required: true }];
      const done = (profile: Profile, text: string) => void this.actions.send(text, profile);
      this.foot.replaceChildren(
        form(this.say, kind, fields, model.profile ?? { name: state.name }, this.draft(), done, this.actions.typed),
        this.problem,
      );
    }
    if (hadFocus) this.focus();
  }

  private makeComposer(): HTMLFormElement {
    const say = this.say;
    const picker = h("input", { type: "file", multiple: true, hidden: true, accept: this.config.file_types.join(",") || null });
    picker.onchange = () => {
      this.actions.attach([...(picker.files ?? [])]);
      picker.value = "";
      this.input.focus();
    };
    const attach = h("button", { class: "icon", type: "button", "aria-label": say("attach"), title: say("attach"), onclick: () => picker.click() }, icon("clip"));
    return h(
      "form",
      {
        class: "composer",
        onsubmit: (event: Event) => {
          event.preventDefault();
          this.submit();
        },
      },
      this.problem,
      this.chips,
      h(
        "div",
        { class: "line" },
        this.config.max_file_bytes > 0 && attach,
        this.config.max_file_bytes > 0 && picker,
        this.input,
        h("button", { class: "icon send", type: "submit", "aria-label": say("send"), title: say("send") }, icon("send")),
      ),
    );
  }

  private submit(): void {
    if (!this.actions.send(this.input.value)) return;
    this.stick = true;
    this.toEnd();
    this.input.value = "";
    this.grow();
    this.input.focus();
  }

  private grow(): void {
    this.actions.typed(this.input.value);
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 140)}px`;
  }

  private showChips(attachments: readonly Attachment[]): void {
    this.chips.replaceChildren(
      ...attachments.map((a) =>
        h(
          "span",
          { class: "chip" },
          h("span", {}, a.name),
          a.id === null && h("progress", { max: 1, value: a.done, "aria-label": a.name }),
          h("button", { type: "button", "aria-label": this.say("remove", { name: a.name }), onclick: () => this.actions.detach(a.key) }, icon("x")),
        ),
      ),
    );
  }

  private listen(): void {
    let before = 0;
    this.log.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.log;
      if (!clientHeight) return;
      // What grows below leaves the place as it is; only a person scrolls up.
      if (scrollHeight - scrollTop - clientHeight < 60) this.stick = true;
      else if (scrollTop < before) this.stick = false;
      before = scrollTop;
    });
    const grown = new ResizeObserver(() => this.toEnd());
    grown.observe(this.log);
    grown.observe(this.list);
    const veil = h("div", { class: "veil", hidden: true }, this.say("drop"));
    document.body.append(veil);
    const takes = (event: DragEvent) => this.footKind === "composer" && this.config.max_file_bytes > 0 && event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      event.preventDefault();
      veil.hidden = !takes(event);
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) veil.hidden = true;
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      veil.hidden = true;
      if (takes(event)) this.actions.attach(event.dataTransfer?.files ?? []);
    });
    this.input.addEventListener("paste", (event) => {
      const files = event.clipboardData?.files;
      if (files?.length && this.config.max_file_bytes > 0) {
        event.preventDefault();
        this.actions.attach(files);
      }
    });
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) this.actions.close();
    });
  }
}
