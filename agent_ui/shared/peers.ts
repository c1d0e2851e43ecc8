// What both ends of a call between browsers need: descriptions with all candidates in them, and how well one hears.

/** What one browser of a call says to another. An answer names the offer that it answers. */
export type Said =
  | { kind: "ready" }
  | { kind: "offer"; session: string; sdp: string }
  | { kind: "answer"; session: string; sdp: string };

export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

/** A relay that does not answer must not keep people from speaking with each other. */
const GATHERING = 2_500;

/** Resolves when the local description holds all candidates, or those that came in time. */
export function gathered(pc: RTCPeerConnection): Promise<void> {
  if (pc.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHERING);
    pc.addEventListener("icegatheringstatechange", () => {
      if (pc.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Whatever came over the line as one of ours, or nothing. */
export function said(body: Record<string, unknown>): Said | null {
  const { kind, session, sdp } = body;
  if (kind === "ready") return { kind };
  const whole = typeof session === "string" && session.length <= 64 && typeof sdp === "string" && sdp.length <= 60_000;
  return whole && (kind === "offer" || kind === "answer") ? { kind, session, sdp } : null;
}

export function newSession(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Servers as a browser takes them: without users where there are none. `relayOnly`: sound goes by a TURN server, never straight. */
export function configuration(ice: readonly IceServer[], relayOnly = false): RTCConfiguration {
  const iceServers = ice.map(({ urls, username, credential }) => (username ? { urls, username, credential } : { urls }));
  return { iceServers, iceTransportPolicy: relayOnly ? "relay" : "all" };
}

export interface Sample {
  received: number;
  lost: number;
  /** Seconds. */
  jitter: number;
  /** Seconds there and back. */
  delay: number;
}

export async function sampled(pc: RTCPeerConnection): Promise<Sample> {
  const sample: Sample = { received: 0, lost: 0, jitter: 0, delay: 0 };
  (await pc.getStats()).forEach((one: Record<string, unknown>) => {
    const number = (name: string) => (typeof one[name] === "number" ? (one[name] as number) : 0);
    if (one["type"] === "inbound-rtp") Object.assign(sample, { received: number("packetsReceived"), lost: number("packetsLost"), jitter: number("jitter") });
    if (one["type"] === "candidate-pair" && one["nominated"]) sample.delay = number("currentRoundTripTime");
  });
  return sample;
}

/**
 * How well one heard between two samples, or "" when nothing came. The bounds follow what people call good in
 * ITU-T G.114 (150 ms one way) and G.113 (loss of 1 % is heard, of 5 % hurts, with concealment).
 */
export function quality(before: Sample, now: Sample): "" | "good" | "fair" | "poor" {
  const received = now.received - before.received;
  const lost = Math.max(0, now.lost - before.lost);
  if (received + lost <= 0) return "";
  const share = lost / (received + lost);
  if (share > 0.05 || now.delay > 0.5 || now.jitter > 0.08) return "poor";
  return share > 0.01 || now.delay > 0.3 || now.jitter > 0.03 ? "fair" : "good";
}
