import type { CallValue, LegValue } from "../wire";

const CALLED: readonly string[] = ["dialling", "ringing", "connected"];

/** Whether a leg is to be connected: neither only asked, nor lost, nor over. */
export function isCalled(leg: LegValue): boolean {
  return CALLED.includes(leg.state);
}

/** The leg whose browser everybody else connects with, and which mixes: that of the agent who has the call. */
export function ownerOf(call: CallValue): LegValue | undefined {
  const speaking = call.legs.filter((leg) => leg.role === "agent" && leg.mode === "talk" && isCalled(leg));
  return speaking.find((leg) => leg.agent_id === call.agent_id) ?? speaking[0];
}

export function contactOf(call: CallValue): LegValue | undefined {
  return call.legs.findLast((leg) => leg.role === "customer" && isCalled(leg));
}

/** The legs with which the browser of `own` connects: all others for the owner, the owner's for anybody else. */
export function partnersOf(call: CallValue, own: LegValue): LegValue[] {
  const owner = ownerOf(call);
  if (!owner) return [];
  if (owner.id !== own.id) return [owner];
  return call.legs.filter((leg) => leg.id !== own.id && isCalled(leg) && (leg.role === "customer" || (leg.agent_id !== null && leg.device !== "phone" && leg.device !== "")));
}

/** Whether the contact hears the others and is heard by them: not in line, not while held or told something. */
export function isContactInRoom(call: CallValue): boolean {
  const somebody = call.legs.some((leg) => leg.role !== "customer" && leg.mode === "talk" && leg.state === "connected");
  return call.state === "talking" && call.prompt === null && somebody;
}

/** Whether `listener` hears `speaker` in the mix of the owner's browser. */
export function hears(call: CallValue, listener: LegValue, speaker: LegValue): boolean {
  if (listener.id === speaker.id || speaker.mode === "monitor" || speaker.muted) return false;
  const contactInRoom = isContactInRoom(call);
  if (speaker.role === "customer") return contactInRoom;
  if (listener.role === "customer") return contactInRoom && (speaker.mode === "talk" || speaker.mode === "barge");
  // Of the agents the one who has the call is advised, nobody else.
  if (speaker.mode === "whisper") return listener.id === ownerOf(call)?.id;
  return true;
}

/** Whether `speaker` is in the recording: what is said with the contact, and nothing else. */
export function isRecorded(call: CallValue, speaker: LegValue): boolean {
  if (!isContactInRoom(call) || speaker.muted) return false;
  return speaker.role === "customer" || speaker.mode === "talk" || speaker.mode === "barge";
}
