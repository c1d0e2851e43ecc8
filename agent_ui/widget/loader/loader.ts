// The one script of a host page: a button, and a frame that is not loaded before somebody wants it.

type User = { id: string; hash?: string; expires?: number; name?: string; email?: string } | null;
type Listener = (detail?: unknown) => void;

const script = document.currentScript as HTMLScriptElement;
const w = window as unknown as Record<string, unknown>;
const data = script.dataset;
const key = data["key"];
if (key && !w["Switchboard"]) {
  const base = new URL(script.src).origin;
  const mark = `switchboard:${key}`;
  const listeners: Record<string, Listener[]> = {};
  // Until the chat itself is there and says it better.
  const label = ({ uk: "Чат", ru: "Чат", zh: "聊天" } as Record<string, string>)[(data["language"] || navigator.language).slice(0, 2)] ?? "Chat";
  let user: User | undefined;
  let frame: HTMLIFrameElement | undefined;
  /** The chat, once it listens. */
  let peer: Window | undefined;
  let isOpen = false;

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  const side = data["side"] === "left" ? "left" : "right";
  const colour = data["colour"] || "#2f5bea";
  const rgb = parseInt(colour.slice(1), 16);
  const ink = (rgb >> 16) * 3 + ((rgb >> 8) & 255) * 6 + (rgb & 255) > 1500 ? "#000" : "#fff";
  sheet.replaceSync(
    `:host{all:initial}button,iframe{position:fixed;${side}:20px;z-index:999999999;border:0}` +
      `button{bottom:20px;width:56px;height:56px;padding:16px;border-radius:50%;background:${colour};color:${ink};cursor:pointer;box-shadow:0 4px 16px #0005}` +
      `path{fill:none;stroke:${ink};stroke-width:2}` +
      `b{position:absolute;top:0;right:0;min-width:20px;font:600 12px/20px system-ui;border-radius:10px;background:#c62828;color:#fff}` +
      `iframe{bottom:88px;width:384px;height:min(640px,100vh - 108px);border-radius:14px;box-shadow:0 4px 16px #0005}[hidden]{display:none}` +
      `@media(max-width:480px){iframe{inset:0;width:100%;height:100%;border-radius:0}.on{display:none}}`,
  );
  root.adoptedStyleSheets = [sheet];
  root.innerHTML =
    '<button aria-expanded=false><svg viewBox="0 0 24 24" aria-hidden=true><path/></svg><b></b></button>';
  const button = root.querySelector("button")!;
  const path = root.querySelector("path")!;
  const badge = root.querySelector("b")!;
  const icon = () => path.setAttribute("d", isOpen ? "M18 6 6 18M6 6l12 12" : "M21 12a8 8 0 0 1-12 7l-5 1 1-5a8 8 0 1 1 16-3z");

  // Whoever chatted before has the frame loaded at once, for the count of what is new. Where a browser forbids the frame
  // to keep anything, this page keeps it for the frame.
  const remember = (text?: string): unknown => {
    try {
      return text ? (localStorage[mark] = text) : localStorage[mark];
    } catch {}
  };
  const emit = (name: string, detail?: unknown) => listeners[name]?.forEach((l) => l(detail));
  const post = (type: string, more: object) => peer?.postMessage({ switchboard: 1, type, ...more }, base);
  const load = () => {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.hidden = true;
    frame.title = label;
    frame.allow = "microphone";
    frame.src = `${base}/widget/chat.html?key=${key}`;
    root.append(frame);
  };
  const show = (open: boolean) => {
    if (open === isOpen) return;
    load();
    isOpen = open;
    frame!.hidden = !open;
    button.className = open ? "on" : "";
    button.ariaExpanded = `${open}`;
    icon();
    post("shown", { open });
    (open ? peer : button)?.focus();
    emit(open ? "open" : "close");
  };

  button.ariaLabel = label;
  button.onclick = () => show(!isOpen);
  addEventListener("message", ({ source, origin, data: m }) => {
    if (source !== frame?.contentWindow || origin !== base) return;
    if (m.type === "ready") {
      peer = source as Window;
      post("init", { user, data: { ...data }, open: isOpen, page: location.href, referrer: document.referrer, kept: remember() });
      if (isOpen) peer.focus();
    }
    if (m.type === "show") show(m.open);
    if (m.type === "kept") remember(m.text);
    if (m.type === "unread") {
      badge.textContent = m.count || "";
      button.ariaLabel = m.label || label;
      emit("unread", m.count);
    }
  });
  const start = () => {
    icon();
    document.body.append(host);
    if (remember()) load();
    if (data["open"] !== undefined) show(true);
  };
  w["Switchboard"] = {
    open: () => show(true),
    close: () => show(false),
    setUser: (next: User) => {
      user = next;
      post("user", { user });
    },
    on: (name: string, listener: Listener) => void (listeners[name] ??= []).push(listener),
  };
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
}
