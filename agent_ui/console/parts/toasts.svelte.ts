export interface Toast {
  id: number;
  text: string;
  kind: "plain" | "bad";
  action?: { label: string; run: () => void } | undefined;
}

const LIFE_MS = 6_000;

/** Short messages at the bottom. Those with an action stay long enough to take it; errors stay until dismissed by time twice as long. */
class Toasts {
  all = $state<Toast[]>([]);
  #last = 0;

  say(text: string, action?: Toast["action"]): void {
    this.#add({ id: ++this.#last, text, kind: "plain", action }, LIFE_MS);
  }

  complain(text: string, action?: Toast["action"]): void {
    this.#add({ id: ++this.#last, text, kind: "bad", action }, LIFE_MS * 2);
  }

  dismiss(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id);
  }

  #add(toast: Toast, life: number): void {
    this.all = [...this.all.filter(({ text }) => text !== toast.text), toast].slice(-3);
    setTimeout(() => this.dismiss(toast.id), life);
  }
}

export const toasts = new Toasts();
