/** The browser's tab while an offer waits: another title and another picture, then as before. */
export class Tab {
  #before: { title: string; icon: string } | null = null;
  #shown = "";
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Shows this title by turns with the page's own; the person may look at another tab. */
  call(title: string): void {
    const before = this.#shown;
    this.#shown = title;
    if (this.#before) {
      if (document.title === before) document.title = title;
      return;
    }
    this.#before = { title: document.title, icon: icon()?.href ?? "" };
    const link = icon();
    if (link) link.href = `${import.meta.env.BASE_URL}favicon-offer.svg`;
    document.title = title;
    this.#timer = setInterval(() => this.#turn(), 1_000);
  }

  /** As it was before. */
  rest(): void {
    if (!this.#before) return;
    clearInterval(this.#timer);
    if (document.title === this.#shown) document.title = this.#before.title;
    const link = icon();
    if (link && this.#before.icon) link.href = this.#before.icon;
    this.#before = null;
  }

  #turn(): void {
    if (!this.#before) return;
    if (document.title !== this.#shown) {
      this.#before.title = document.title;
      document.title = this.#shown;
    } else document.title = this.#before.title;
  }
}

function icon(): HTMLLinkElement | null {
  return document.querySelector<HTMLLinkElement>('link[rel="icon"]');
}
