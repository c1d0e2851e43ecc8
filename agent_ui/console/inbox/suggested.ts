/** What the composer offers while one types: canned replies after `/`, colleagues after `@`. */

import type { AgentValue, CannedValue } from "../wire";
import { fitting } from "./canned";

/** One row of the list; `take` puts it in. */
export interface Suggestion {
  id: string;
  title: string;
  text: string;
  avatar?: string;
  take: () => void;
}

const MOST = 20;

/** Canned replies that fit what is typed, in the language the contact speaks first; `take` gets the text that is put in. */
export function replies(canned: Parameters<typeof fitting>[0], typed: string, spoken: string, take: (text: string) => void): Suggestion[] {
  return fitting(canned, typed, spoken).map((one: CannedValue) => ({
    id: `c${one.id}`,
    title: `/${one.shortcut}`,
    text: one.title || one.text,
    take: () => take(one.text),
  }));
}

/** Colleagues whose name has what is typed, without oneself; `take` gets the mention that is put in. */
export function colleagues(agents: Iterable<AgentValue>, typed: string, me: number, take: (text: string) => void): Suggestion[] {
  const wanted = typed.toLocaleLowerCase();
  return [...agents]
    .filter((agent) => !agent.disabled && agent.id !== me && agent.name.toLocaleLowerCase().includes(wanted))
    .slice(0, MOST)
    .map((agent) => ({ id: `a${agent.id}`, title: agent.name, text: "", avatar: agent.name, take: () => take(`@${agent.name} `) }));
}
