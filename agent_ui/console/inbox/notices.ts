import type { Desk } from "../desk/desk.svelte";
import { caseNotice } from "../leads/notices";
import { refusedInWords } from "../phone/problems";
import { dateAndTime, t } from "../words/words.svelte";
import type { EntryValue } from "../wire";

const NOTICES = ["accepted", "taken", "assigned", "returned_to_queue", "closed", "reopened", "snoozed", "woken", "offer_missed", "delivery_delayed", "delivery_failed_for", "left_behind", "fallback_unusable", "call_missed", "callback_failed"] as const;
const REACH = ["reach_opted_out", "reach_blocked", "reach_bounced", "reach_ok"] as const;

/** What happened, in the person's language. */
export function noticeInWords(entry: EntryValue, desk: Pick<Desk, "me" | "queues">): string {
  const { code, facts } = entry.notice ?? { code: "", facts: {} };
  const known = NOTICES.find((one) => one === code);
  const agent = facts["agent"] === desk.me.name ? t("author.me") : facts["agent"];
  const queue = desk.queues.get(Number(facts["queue_id"]))?.name ?? "";
  const said = { ...facts, agent, queue, until: facts["until"] ? dateAndTime(Number(facts["until"])) : "" };
  if (code === "closed" && !facts["agent"]) return t(facts["disposition"] ? "notice.closed_itself_as" : "notice.closed_itself", said);
  if (code === "closed" && facts["disposition"]) return t("notice.closed_as", said);
  if (code === "rated") return t(facts["words"] ? "notice.rated_words" : "notice.rated", { ...facts, score: String(facts["score"]) });
  if (code === "callback_failed" && "why" in facts) return t("notice.callback_refused", { ...facts, why: refusedInWords(facts["why"]) });
  const reach = REACH.find((one) => one === code);
  if (reach) return facts["reason"] ? t("notice.reach_why", { what: t(`notice.${reach}`, said), reason: facts["reason"] }) : t(`notice.${reach}`, said);
  const ofCase = caseNotice(code, said);
  if (ofCase !== null) return ofCase;
  return known ? t(`notice.${known}`, said) : t("notice.other", { code });
}
