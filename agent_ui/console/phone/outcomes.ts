import { phoneIncoming, phoneMissed, phoneOutgoing, voicemail } from "../parts/shapes";
import type { CallLine, CallValue } from "../wire";
import { t } from "../words/words.svelte";

const OUTCOMES = ["answered", "abandoned", "missed", "voicemail", "callback", "no_answer", "busy", "cancelled", "failed"] as const;

/** What came of a call, or where it stands now. */
export function outcomeInWords({ outcome, state }: Pick<CallValue, "outcome" | "state">): string {
  const known = OUTCOMES.find((one) => one === outcome);
  return known ? t(`call.outcome.${known}`) : t(`call.state.${state}`);
}

/** The number, where it says more than the name already does. */
export function numberBeside({ who, number }: Pick<CallValue, "who" | "number">): string {
  return who.replace(/\D/g, "") === number.replace(/\D/g, "") && number !== "" ? "" : number;
}

/** Whether nobody spoke with the contact. */
export function wasMissed({ outcome }: Pick<CallValue, "outcome">): boolean {
  return outcome !== null && outcome !== "answered";
}

export function shapeOfCall({ direction, outcome }: Pick<CallLine, "direction" | "outcome">): string {
  if (outcome === "voicemail") return voicemail;
  if (wasMissed({ outcome })) return phoneMissed;
  return direction === "out" ? phoneOutgoing : phoneIncoming;
}
