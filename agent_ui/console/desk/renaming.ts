import type { ContactValue, ConversationValue } from "../wire";

/**
 * Closed conversations that a contact's event changes: they take its name, or become its own, without an event of
 * theirs. `theirs` are the conversations that the event names. A contact that was merged into another has none.
 */
export function renamed(known: Iterable<ConversationValue>, { id, name, root_id }: Pick<ContactValue, "id" | "name" | "root_id">, theirs: readonly number[]): ConversationValue[] {
  if (root_id !== null) return [];
  const became = new Set(theirs);
  return [...known].filter((one) => one.status === "closed" && (one.contact_id === id || became.has(one.id)) && (one.who !== name || one.contact_id !== id)).map((one) => ({ ...one, contact_id: id, who: name }));
}
