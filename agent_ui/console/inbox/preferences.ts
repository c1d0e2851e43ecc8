const ENTER = "switchboard.enter";
const HOLD = "switchboard.hold";
const RICH = "switchboard.rich";

/** How this person likes to write on this device. */
export const preferences = {
  /** Whether Enter sends; else it breaks the line and Ctrl or ⌘ with Enter sends. */
  enterSends: (): boolean => localStorage.getItem(ENTER) !== "newline",
  setEnterSends: (sends: boolean): void => localStorage.setItem(ENTER, sends ? "send" : "newline"),
  /** Milliseconds in which sending can be undone. */
  hold: (): number => Number(localStorage.getItem(HOLD) ?? 0) || 0,
  /** Whether mail is laid out, with bold words and lists. */
  rich: (): boolean => localStorage.getItem(RICH) === "rich",
  setRich: (rich: boolean): void => localStorage.setItem(RICH, rich ? "rich" : "plain"),
  setHold: (milliseconds: number): void => localStorage.setItem(HOLD, String(milliseconds)),
};
