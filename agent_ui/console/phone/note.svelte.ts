const KEY = "switchboard.call.note.";

/** The note of a call while somebody writes it: handed to the hub as it is written, and kept in this tab until the hub has it. */
export class CallNote {
  words = $state("");
  /** Whether the hub refused the newest words, or could not be asked. */
  unsaved = $state(false);
  readonly #key: string;
  #given: string;
  #turn: Promise<boolean> = Promise.resolve(true);

  constructor(
    /** Whose words about which call. */
    name: string,
    given: string,
    readonly hand: (note: string) => Promise<boolean>,
    readonly keeping: Pick<Storage, "getItem" | "setItem" | "removeItem"> = sessionStorage,
  ) {
    this.#key = KEY + name;
    this.#given = given;
    const left = keeping.getItem(this.#key);
    this.words = left ?? given;
    this.unsaved = left !== null && left !== given;
  }

  /** Something was typed. */
  typed(): void {
    this.keeping.setItem(this.#key, this.words);
  }

  /** Hands over what was written and not handed over yet, one after the other; whether the hub has all of it. */
  flush(): Promise<boolean> {
    return (this.#turn = this.#turn.then(() => this.#flush()));
  }

  async #flush(): Promise<boolean> {
    const words = this.words.trim();
    if (words !== this.#given) {
      const done = await this.hand(words);
      this.unsaved = !done;
      if (!done) return false;
      this.#given = words;
    }
    this.unsaved = false;
    if (this.words.trim() === words) this.keeping.removeItem(this.#key);
    return true;
  }
}
