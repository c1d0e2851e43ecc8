/** One line of a menu. */
export interface Item {
  id: string;
  label: string;
  /** Said smaller, at the end of the line. */
  hint?: string | undefined;
  /** A second line below, in small letters: what one has to know before choosing it. */
  detail?: string | undefined;
  shape?: string | undefined;
  /** A name whose avatar stands before the label. */
  avatar?: string | undefined;
  checked?: boolean | undefined;
  disabled?: boolean | undefined;
  danger?: boolean | undefined;
  /** Lines with another group than the line before stand under this heading. */
  group?: string | undefined;
  run: () => void;
}

/** Those lines that hold every word typed, in label or hint. */
export function matching(items: readonly Item[], typed: string): Item[] {
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return items.filter(({ label, hint }) => {
    const text = `${label} ${hint ?? ""}`.toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Where a popup of this size goes: below its anchor if it fits, else above; never out of the window. */
export function placed(anchor: DOMRect, width: number, height: number, align: "start" | "end"): { top: number; left: number } {
  const below = window.innerHeight - anchor.bottom - 12;
  const top = height <= below || below >= anchor.top ? anchor.bottom + 4 : anchor.top - height - 4;
  const left = align === "end" ? anchor.right - width : anchor.left;
  return { top: Math.max(8, top), left: Math.max(8, Math.min(left, window.innerWidth - width - 8)) };
}
