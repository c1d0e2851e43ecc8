import { onMount, untrack } from "svelte";

/** Something a person can do now, by key, by ⌘K, or by the help page. */
export interface Command {
  id: string;
  /** The name in the language shown; asked for each time it is shown. */
  label: () => string;
  /** Keys as `KeyboardEvent.key`, with `Mod+` for ⌘ or Ctrl and `Shift+`; several ways are several entries. */
  keys?: readonly string[];
  /** The heading under which help and ⌘K show it. */
  group: "moving" | "conversation" | "calls" | "everywhere";
  shape?: string;
  /** Whether it makes sense at this moment. */
  when?: () => boolean;
  /** Runs also while the person types in a field. */
  whileTyping?: boolean;
  run: () => void;
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** Everything that can be done now. Components add what they can do while they are on the screen. */
export class Keys {
  commands = $state.raw<readonly Command[]>([]);

  add(...added: Command[]): () => unknown {
    // Untracked, so that an effect may add commands without depending on all the others.
    untrack(() => (this.commands = [...this.commands, ...added]));
    return () => untrack(() => (this.commands = this.commands.filter((command) => !added.includes(command))));
  }

  /** The commands that make sense now, the last added first where two share an id. */
  possible(): Command[] {
    const seen = new Map<string, Command>();
    for (const command of this.commands) if (command.when?.() ?? true) seen.set(command.id, command);
    return [...seen.values()];
  }

  /** Runs what the key means. Returns whether it meant anything. */
  press(event: KeyboardEvent): boolean {
    if (event.defaultPrevented || event.isComposing) return false;
    const pressed = spelled(event);
    const typing = isTyping(event.target);
    const inDialog = event.target instanceof Element && event.target.closest("dialog[open]") !== null;
    const found = this.possible().findLast(
      (command) => command.keys?.includes(pressed) && ((!typing && !inDialog) || command.whileTyping),
    );
    if (!found) return false;
    event.preventDefault();
    found.run();
    return true;
  }
}

export const keys = new Keys();

/** Adds commands for as long as the component is on the screen. */
export function whileShown(...commands: Command[]): void {
  onMount(() => keys.add(...commands));
}

/** How a key is written on this machine: ⌘K or Ctrl K. */
export function written(key: string): string {
  return key
    .replace("Mod+", isMac ? "⌘" : "Ctrl ")
    .replace("Shift+", "⇧")
    .replace("Enter", "↵")
    .replace("ArrowDown", "↓")
    .replace("ArrowUp", "↑")
    .replace("Escape", "Esc")
    .replace(/(^|\s|⌘|⇧)([a-z])$/, (_, before: string, letter: string) => before + letter.toUpperCase());
}

function spelled(event: KeyboardEvent): string {
  const modifier = isMac ? event.metaKey : event.ctrlKey;
  const latin = /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase();
  // With another layout than a Latin one the letter on the key cap still works.
  const key = latin && !/^[\x20-\x7e]$/.test(event.key) && event.key.length === 1 ? latin : event.key;
  if (event.altKey) return `Alt+${key}`;
  const shifted = event.shiftKey && key.length > 1 ? "Shift+" : "";
  return `${modifier ? "Mod+" : ""}${shifted}${modifier ? key.toLowerCase() : key}`;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio], [type=button]), textarea, select"))
  );
}
