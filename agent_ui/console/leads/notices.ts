import { dateAndTime, t } from "../words/words.svelte";
import { decisionName, reasonName, stageName } from "./naming";

type Facts = Record<string, string | number | null | undefined>;

/** A line about a lead or another case in a conversation: what was decided, by whom; none for other lines. */
export function caseNotice(code: string, facts: Facts): string | null {
  const [, noun, decision = ""] = /^(lead|case)_(\w+)$/.exec(code) ?? [];
  if (!noun) return null;
  const more = detail(facts);
  const said = { what: noun === "lead" ? t("case.lead") : t("case.custom"), number: String(facts["number"] ?? ""), step: decisionName(decision) + (more ? ` (${more})` : "") };
  return facts["agent"] && facts["agent"] !== "Switchboard" ? t("notice.case_by", { ...said, agent: facts["agent"] }) : t("notice.case", said);
}

function detail({ reason, until, to, of, stage, becomes }: Facts): string {
  if (reason) return reasonName(String(reason));
  if (until) return dateAndTime(Number(until));
  if (of) return `№ ${of}`;
  if (stage) return stageName({ name: String(stage) });
  if (becomes === "deal" || becomes === "request" || becomes === "contact") return t(`qualify.${becomes}`);
  return to ? String(to) : "";
}
