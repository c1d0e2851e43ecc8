import { cases, type Qualification } from "../api/cases";
import { Refused } from "../api/http";
import type { Desk } from "../desk/desk.svelte";
import { inWords } from "../desk/refusals";
import { toasts } from "../parts/toasts.svelte";
import type { CaseValue } from "../wire";
import { dateAndTime, t } from "../words/words.svelte";
import type { CaseBook } from "./book.svelte";

/** What deciding about a lead works with. */
export interface Hands {
  desk: Desk;
  book: CaseBook;
}

/**
 * Asks for a decision and shows the case as it is afterwards; says what went wrong, with the case as somebody
 * else left it when they were quicker. Answers null when it was not done.
 */
async function decide({ desk, book }: Hands, one: CaseValue, ask: () => Promise<CaseValue>): Promise<CaseValue | null> {
  try {
    const after = await ask();
    book.changed(after);
    return after;
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "conflict") {
      toasts.complain(inWords(error));
      return null;
    }
    const now = await cases.get(desk.http, one.id).catch(() => null);
    if (now) book.changed(now);
    const owner = now && now.owner_id !== one.owner_id && now.owner_id !== desk.me.id ? desk.agents.get(now.owner_id ?? 0)?.name : undefined;
    toasts.complain(owner ? t("lead.taken", { who: owner }) : now && now.version === one.version ? inWords(error) : t("problem.conflict"));
    return null;
  }
}

function undoing(hands: Hands, after: CaseValue): { label: string; run: () => void } | undefined {
  if (!after.can_undo) return undefined;
  const run = (): void => {
    const now = hands.book.known.get(after.id) ?? after;
    // Undone elsewhere meanwhile, or moved on: there is nothing left to take back.
    if (now.can_undo) void undo(hands, now);
  };
  return { label: t("undo"), run };
}

async function say(hands: Hands, done: Promise<CaseValue | null>, words: (after: CaseValue) => string): Promise<boolean> {
  const after = await done;
  if (after) toasts.say(words(after), undoing(hands, after));
  return after !== null;
}

export const accept = (hands: Hands, one: CaseValue): Promise<boolean> => say(hands, decide(hands, one, () => cases.accept(hands.desk.http, one)), () => t("lead.done.accepted"));

export const assign = (hands: Hands, one: CaseValue, agentId: number): Promise<boolean> =>
  say(hands, decide(hands, one, () => cases.assign(hands.desk.http, one, agentId)), () => t("lead.done.assigned", { who: hands.desk.agents.get(agentId)?.name ?? "" }));

export const qualify = (hands: Hands, one: CaseValue, choice: Qualification): Promise<boolean> =>
  say(hands, decide(hands, one, () => cases.qualify(hands.desk.http, one, choice)), () => t(`lead.done.${choice.becomes}`, { who: choice.name ?? one.who }));

export const disqualify = (hands: Hands, one: CaseValue, why: { reason_id: number } | { words: string }): Promise<boolean> =>
  say(hands, decide(hands, one, () => cases.disqualify(hands.desk.http, one, why)), () => t("lead.done.disqualified"));

export const spam = (hands: Hands, one: CaseValue): Promise<boolean> => say(hands, decide(hands, one, () => cases.spam(hands.desk.http, one)), () => t("lead.done.spam"));

export const duplicate = (hands: Hands, one: CaseValue, of: CaseValue): Promise<boolean> =>
  say(hands, decide(hands, one, () => cases.duplicate(hands.desk.http, one, of.id)), () => t("lead.done.duplicate", { number: String(of.number) }));

export const nurture = (hands: Hands, one: CaseValue, until: number): Promise<boolean> =>
  say(hands, decide(hands, one, () => cases.nurture(hands.desk.http, one, until)), () => t("lead.done.nurtured", { when: dateAndTime(until) }));

export const move = async (hands: Hands, one: CaseValue, stageId: number): Promise<boolean> => (await decide(hands, one, () => cases.move(hands.desk.http, one, stageId))) !== null;

export const reopen = (hands: Hands, one: CaseValue): Promise<boolean> => say(hands, decide(hands, one, () => cases.reopen(hands.desk.http, one)), () => t("lead.done.reopened"));

export const undo = (hands: Hands, one: CaseValue): Promise<boolean> => say(hands, decide(hands, one, () => cases.undo(hands.desk.http, one)), () => t("lead.done.undone"));

export const rename = async (hands: Hands, one: CaseValue, title: string): Promise<boolean> => (await decide(hands, one, () => cases.change(hands.desk.http, one, { title }))) !== null;
