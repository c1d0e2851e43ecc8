// What the view is given: the account's settings, everything there is to show, and what people can do.

import type { Attachment } from "./files";
import type { Field } from "./form";
import type { Unsent } from "./keep";
import type { LineState } from "./line";
import type { Profile } from "./protocol";
import type { State } from "./state";
import type { Language } from "./words/words";

export interface Config {
  title: string;
  colour: string;
  default_language: Language;
  greeting: Partial<Record<Language, string>>;
  pre_chat: Field[];
  offline_form: boolean;
  max_file_bytes: number;
  file_types: string[];
  origins: string[];
  calls: boolean;
  call_consent: Partial<Record<Language, string>>;
}

export interface Model {
  state: State;
  unsent: readonly Unsent[];
  line: LineState;
  /** The line has been down for a while. */
  cut: boolean;
  attachments: readonly Attachment[];
  problem: string;
  profile: Profile | null;
  now: number;
}

export interface Actions {
  send(text: string, profile?: Profile): boolean;
  typed(text: string): void;
  attach(files: Iterable<File>): void;
  detach(key: number): void;
  more(): void;
  again(id: string): void;
  discard(id: string): void;
  call(): void;
  close(): void;
}
