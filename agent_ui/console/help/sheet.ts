import type { Command } from "../keys.svelte";

/** One line of the help page: keys, each a way of its own, and what they do. */
export interface Line {
  keys: readonly string[];
  label: string;
}

export interface Section {
  id: "moving" | "conversation" | "writing" | "calls" | "everywhere";
  lines: Line[];
}

type Told = "next" | "open" | "reply" | "note" | "assign" | "snooze" | "close" | "search" | "palette" | "help" | "send" | "canned" | "mention" | "accept" | "leave" | "dial" | "mute" | "hold" | "keypad" | "transfer" | "hang_up";

/** What is true on every screen, in the order it is learnt; more is added by what is on the screen. */
const KNOWN: readonly { section: Section["id"]; keys: readonly string[]; told: Told }[] = [
  { section: "moving", keys: ["j", "k"], told: "next" },
  { section: "moving", keys: ["Enter"], told: "open" },
  { section: "moving", keys: ["Escape"], told: "leave" },
  { section: "conversation", keys: ["r"], told: "reply" },
  { section: "conversation", keys: ["n"], told: "note" },
  { section: "conversation", keys: ["a"], told: "assign" },
  { section: "conversation", keys: ["s"], told: "snooze" },
  { section: "conversation", keys: ["e"], told: "close" },
  { section: "writing", keys: ["Mod+Enter"], told: "send" },
  { section: "writing", keys: ["/"], told: "canned" },
  { section: "writing", keys: ["@"], told: "mention" },
  { section: "calls", keys: ["Alt+c"], told: "dial" },
  { section: "calls", keys: ["Alt+m"], told: "mute" },
  { section: "calls", keys: ["Alt+h"], told: "hold" },
  { section: "calls", keys: ["Alt+k"], told: "keypad" },
  { section: "calls", keys: ["Alt+t"], told: "transfer" },
  { section: "calls", keys: ["Alt+e"], told: "hang_up" },
  { section: "everywhere", keys: ["Enter", "Alt+Enter"], told: "accept" },
  { section: "everywhere", keys: ["/"], told: "search" },
  { section: "everywhere", keys: ["Mod+k"], told: "palette" },
  { section: "everywhere", keys: ["?"], told: "help" },
];

/** The help page: what is always true, and what else can be done now by key. */
export function sections(commands: readonly Command[], say: (told: Told) => string): Section[] {
  const taken = new Set(KNOWN.flatMap(({ section, keys }) => (section === "writing" ? [] : keys)));
  const also = commands.filter(({ keys }) => keys?.length && !keys.some((key) => taken.has(key)));
  return (["moving", "conversation", "writing", "calls", "everywhere"] as const).map((id) => ({
    id,
    lines: [
      ...KNOWN.filter(({ section }) => section === id).map(({ keys, told }) => ({ keys, label: say(told) })),
      ...also.filter(({ group }) => group === id).map(({ keys, label }) => ({ keys: keys ?? [], label: label() })),
    ],
  }));
}
