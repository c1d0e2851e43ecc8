import type { Attachment } from "svelte/attachments";

let shown: HTMLElement | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

function hide(): void {
  clearTimeout(timer);
  shown?.remove();
  shown = null;
}

function place(bubble: HTMLElement, host: HTMLElement): void {
  const at = host.getBoundingClientRect();
  const size = bubble.getBoundingClientRect();
  const below = at.bottom + 6 + size.height < window.innerHeight;
  bubble.style.top = `${below ? at.bottom + 6 : at.top - size.height - 6}px`;
  bubble.style.left = `${Math.max(4, Math.min(at.left + (at.width - size.width) / 2, window.innerWidth - size.width - 4))}px`;
}

function show(host: HTMLElement, text: string, keys?: string): void {
  hide();
  shown = document.createElement("div");
  shown.className = "tip";
  shown.setAttribute("aria-hidden", "true");
  shown.append(text);
  if (keys) {
    const kbd = document.createElement("kbd");
    kbd.append(keys);
    shown.append(" ", kbd);
  }
  // Inside an open dialog only the dialog's own children are on top.
  (host.closest("dialog[open]") ?? document.body).append(shown);
  shown.setAttribute("popover", "manual");
  shown.showPopover?.();
  place(shown, host);
}

/** A bubble with the name of a control and its key, on hover and on keyboard focus. The name itself stands in aria-label. */
export function tip(text: string | undefined, keys?: string): Attachment<HTMLElement> {
  return (host) => {
    if (!text) return;
    const later = (event?: Event) => {
      clearTimeout(timer);
      if (event instanceof PointerEvent && event.pointerType === "touch") return;
      timer = setTimeout(() => show(host, text, keys), 350);
    };
    const focused = () => {
      if (host.matches(":focus-visible")) later();
    };
    host.addEventListener("pointerenter", later);
    host.addEventListener("pointerleave", hide);
    host.addEventListener("pointerdown", hide);
    host.addEventListener("focus", focused);
    host.addEventListener("blur", hide);
    return () => {
      hide();
      host.removeEventListener("pointerenter", later);
      host.removeEventListener("pointerleave", hide);
      host.removeEventListener("pointerdown", hide);
      host.removeEventListener("focus", focused);
      host.removeEventListener("blur", hide);
    };
  };
}
