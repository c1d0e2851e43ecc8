import { isWrapping } from "../../shared/reduce";
import type { CallValue, LegValue } from "../wire";

/** How a call stands for one agent, as a code; `call.now.…` has the words. */
export type Standing =
  | "ringing_out" | "connecting" | "own_phone" | "lost" | "talking" | "held" | "three_way" | "consulted" | "asking" | "consulting" | "handing_on" | "waiting"
  | "away" | "monitor" | "whisper" | "barge" | "wrap_up";

/** The agent's own part in a call that goes on, or the newest that was. */
export function legOf(call: CallValue, agentId: number): LegValue | undefined {
  const own = call.legs.filter((leg) => leg.agent_id === agentId);
  return own.findLast((leg) => leg.state !== "ended") ?? own.findLast(isWrapping) ?? own.at(-1);
}

export function isInvited(call: CallValue, agentId: number): boolean {
  return legOf(call, agentId)?.state === "invited";
}

export function isInIt(call: CallValue, agentId: number): boolean {
  const leg = legOf(call, agentId);
  return leg !== undefined && leg.state !== "invited" && leg.state !== "ended";
}

/** Whether a page that is loaded anew in this tab has to ask for a call's sound. */
export function isWithoutSound(call: CallValue, agentId: number, tab: string): boolean {
  const leg = legOf(call, agentId);
  return leg !== undefined && leg.device !== "phone" && (leg.device === tab || leg.state === "lost");
}

export function isWritingDown(call: CallValue, agentId: number): boolean {
  const leg = legOf(call, agentId);
  return leg !== undefined && isWrapping(leg);
}

/** Since when the contact's page is gone, perhaps to come back. */
export function awaySince(call: CallValue): number | null {
  return call.legs.find((leg) => leg.role === "customer" && leg.state === "connected")?.away_since ?? null;
}

/** Whose connection a call has lost while it goes on, as a code; `calls.cut_off.…` has the words. */
export function cutOff(call: CallValue): "" | "contact" | "agent" {
  if (awaySince(call) !== null) return "contact";
  const talkers = call.legs.filter((leg) => leg.mode === "talk" && (leg.role === "agent" || leg.role === "third") && leg.state !== "ended" && leg.state !== "invited");
  return call.state === "talking" && talkers.length > 0 && talkers.every((leg) => leg.state === "lost") ? "agent" : "";
}

/** Why keys reach nobody, as a code; `call.no_keys.…` has the words. */
export type Keyless = "" | "page" | "own_phone" | "elsewhere" | "stand_in";

/** Whether the keys of this tab reach the contact: only where its own softphone carries the sound over a telephone line. */
export function keyless(call: CallValue, agentId: number, here: { media: string; elsewhere: boolean; playedElsewhere: boolean }): Keyless {
  if (here.media === "webrtc") return "page";
  if (legOf(call, agentId)?.device === "phone") return "own_phone";
  if (here.elsewhere) return "elsewhere";
  return here.playedElsewhere ? "stand_in" : "";
}

/** The transfer under way, if there is one. */
export function transferOf(call: CallValue): CallValue["transfers"][number] | undefined {
  return call.transfers.find((one) => one.result === "");
}

/** Whom the agent asked before handing the call on: connected, or still to come. */
export function asked(call: CallValue, agentId: number): LegValue | undefined {
  return call.legs.find((leg) => leg.mode === "consult" && leg.asked_by === agentId && leg.state !== "ended");
}

export function standingOf(call: CallValue, agentId: number): Standing {
  const leg = legOf(call, agentId);
  if (!leg || leg.state === "ended") return "wrap_up";
  if (leg.state === "lost") return "lost";
  if (leg.state !== "connected") return leg.device === "phone" ? "own_phone" : "connecting";
  if (leg.role === "supervisor" && leg.mode !== "talk") return leg.mode === "consult" ? "consulted" : leg.mode;
  if (leg.mode === "consult") return "consulted";
  if (asked(call, agentId)) return asked(call, agentId)?.state === "connected" ? "consulting" : "asking";
  const transfer = transferOf(call);
  if (transfer?.by_agent_id === agentId) return transfer.kind === "attended" ? "asking" : "handing_on";
  if (call.state === "ringing" || (call.state === "connecting" && call.direction === "out")) return "ringing_out";
  if (awaySince(call) !== null) return "away";
  if (call.three_way) return "three_way";
  return call.state === "held" ? "held" : call.state === "talking" ? "talking" : "waiting";
}

/** What an agent may do with a call now. The hub decides; this only leaves out what it would refuse. */
export interface Possible {
  hold: boolean;
  mute: boolean;
  press: boolean;
  record: boolean;
  transfer: boolean;
  complete: boolean;
  cancel: boolean;
  threeWay: boolean;
  leave: boolean;
}

export function possible(call: CallValue, agentId: number): Possible {
  const standing = standingOf(call, agentId);
  const leg = legOf(call, agentId);
  const speaks = call.state === "talking" || call.state === "held";
  const owns = leg?.mode === "talk" && leg.state === "connected" && speaks;
  const asks = standing === "asking" || standing === "consulting";
  const others = call.legs.filter((one) => one.id !== leg?.id && one.role !== "customer" && one.mode === "talk" && one.state === "connected");
  return {
    hold: owns && !asks,
    mute: leg?.state === "connected" && standing !== "monitor",
    press: owns,
    record: owns,
    transfer: owns && !asks && transferOf(call) === undefined,
    complete: standing === "consulting",
    cancel: asks,
    threeWay: standing === "consulting",
    leave: owns && others.length > 0,
  };
}

/** Whether an agent may say what came of a call: the hub's own rule (`may_be_written_by`, and supervisors). */
export function mayWriteDown(call: CallValue, agentId: number, listensIn: boolean): boolean {
  return listensIn || call.agent_id === agentId || call.legs.some((leg) => leg.agent_id === agentId && leg.role === "agent" && leg.mode === "talk" && leg.connected_at !== null);
}

/** Since when the shown time runs: since they talk, else since the call came into its state. */
export function runsSince(call: CallValue, agentId: number): number {
  const leg = legOf(call, agentId);
  return leg?.connected_at ?? call.since;
}

/** `{}` of the legs that a call had, without those of a device that was replaced. */
export function partsOf(call: CallValue): LegValue[] {
  return call.legs.filter((leg) => leg.reason !== "replaced");
}
