import type { Found } from "../api/search";
import type { ConversationValue, IdentityValue } from "../wire";
import type { Command } from "../keys.svelte";
import { looksLikeNumber } from "../phone/targets";
import { hits, matches } from "./marking";

/** One line of the palette. */
export interface Row {
  id: string;
  group: "commands" | "people" | "conversations" | "messages";
  label: string;
  labelMarks: [number, number][];
  text?: string | undefined;
  textMarks?: [number, number][];
  hint?: string | undefined;
  shape?: string | undefined;
  avatar?: string | undefined;
  run: () => void;
}

export interface Ways {
  show: (conversationId: number, entryId?: number) => void;
  person: (contactId: number, name: string) => void;
  when: (moment: number) => string;
  key: (key: string) => string;
}

const ORDER: readonly Command["group"][] = ["conversation", "calls", "moving", "everywhere"];
const MOST_COMMANDS = 6;
const MOST_CONVERSATIONS = 5;

/** Commands whose names have the words typed; all of them when nothing was. */
export function commandRows(commands: readonly Command[], typed: string, ways: Ways): Row[] {
  const fitting = commands
    .filter((command) => !["palette", "search"].includes(command.id) && matches(command.label(), typed))
    .toSorted((a, b) => ORDER.indexOf(a.group) - ORDER.indexOf(b.group))
    .map((command) => ({
      id: `command ${command.id}`,
      group: "commands" as const,
      label: command.label(),
      labelMarks: hits(command.label(), typed),
      hint: command.keys?.[0] ? ways.key(command.keys[0]) : undefined,
      shape: command.shape,
      run: command.run,
    }));
  return typed ? fitting.slice(0, MOST_COMMANDS) : fitting;
}

/** A number that was typed, alone or after a word for calling (in any of the console's languages), can be called. */
export function callRows(typed: string, words: { label: (number: string) => string; verbs: string; shape: string; run: (number: string) => void }): Row[] {
  const verbs = words.verbs.split(" ").filter(Boolean).map((verb) => verb.toLocaleLowerCase());
  const [first = "", ...rest] = typed.trim().split(/\s+/);
  const number = verbs.includes(first.toLocaleLowerCase()) ? rest.join(" ") : typed.trim();
  if (!looksLikeNumber(number)) return [];
  return [{ id: "call", group: "commands", label: words.label(number), labelMarks: [], shape: words.shape, run: () => words.run(number) }];
}

/** Conversations at hand whose name or words match: shown while the hub is still looking. */
export function nearRows(conversations: Iterable<ConversationValue>, typed: string, ways: Ways): Row[] {
  return [...conversations]
    .filter((conversation) => matches(`${conversation.who} ${conversation.subject}`, typed))
    .sort((a, b) => b.last_activity_at - a.last_activity_at)
    .slice(0, 4)
    .map((conversation) => conversationRow(conversation, typed, ways));
}

function conversationRow(conversation: ConversationValue, typed: string, ways: Ways): Row {
  return {
    id: `conversation ${conversation.id}`,
    group: "conversations",
    label: conversation.who,
    labelMarks: hits(conversation.who, typed),
    text: conversation.subject || conversation.preview,
    textMarks: hits(conversation.subject || conversation.preview, typed),
    hint: ways.when(conversation.last_activity_at),
    avatar: conversation.who,
    run: () => ways.show(conversation.id),
  };
}

/** An address worth reading; a browser has none. */
function shownAddress(identity: IdentityValue): string | undefined {
  return identity.scheme === "visitor" ? undefined : identity.display;
}

/** Without rows that stand before under the same id. */
export function once(rows: readonly Row[]): Row[] {
  const seen = new Set<string>();
  return rows.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** What the hub found, people first. Rows of one group stand together. */
export function foundRows(found: Found, typed: string, ways: Ways): Row[] {
  const people = found.people.map(({ contact, identity, conversation_id }): Row => {
    const name = contact?.name || identity?.name || identity?.display || "";
    const address = identity ? shownAddress(identity) : (contact?.identities.map(shownAddress).find(Boolean) ?? contact?.company);
    return {
      id: `person ${contact?.id ?? ""} ${identity?.id ?? ""}`,
      group: "people",
      label: name,
      labelMarks: hits(name, typed),
      text: address === name ? undefined : address,
      textMarks: hits(address ?? "", typed),
      avatar: name,
      run: () => (conversation_id === null ? contact && ways.person(contact.id, contact.name) : ways.show(conversation_id)),
    };
  });
  const messages = found.entries.map(({ entry, conversation, snippet, marks }): Row => ({
    id: `entry ${entry.id}`,
    group: "messages",
    label: conversation.who,
    labelMarks: hits(conversation.who, typed),
    text: snippet,
    textMarks: marks,
    hint: ways.when(entry.at),
    avatar: conversation.who,
    run: () => ways.show(conversation.id, entry.id),
  }));
  const conversations = found.conversations.slice(0, MOST_CONVERSATIONS).map((conversation) => conversationRow(conversation, typed, ways));
  return [...people, ...conversations, ...messages];
}
