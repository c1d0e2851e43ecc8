import { type Http, Unreachable, refusal } from "../api/http";
import type { CallValue } from "../wire";

/** What only a tab can know of a call, told to the hub. */
export interface Telling {
  connected(callId: number): Promise<unknown>;
  rejoin(callId: number): Promise<unknown>;
  quality(callId: number, quality: "good" | "fair" | "poor"): Promise<unknown>;
  failed(callId: number, reason: string): Promise<unknown>;
  say(callId: number, toLeg: number, body: Record<string, unknown>): Promise<unknown>;
  /** Raises Refused when it will never be taken, Unreachable when it may be tried again. */
  recorded(callId: number, chunk: RecordedChunk): Promise<void>;
}

export interface RecordedChunk {
  recording: string;
  /** From 1. */
  seq: number;
  /** Milliseconds of the recording up to the end of this chunk. */
  duration: number;
  last: boolean;
  sound: Blob;
}

/** A page that goes away may still send this much. */
const KEPT_ALIVE = 60_000;

export function telling(http: Http, tab: string): Telling {
  const post = (callId: number, act: string, body: unknown) => http.post<CallValue>(`/calls/${callId}/${act}`, body);
  return {
    connected: (callId) => post(callId, "connected", { device: tab }),
    rejoin: (callId) => post(callId, "rejoin", { device: tab }),
    quality: (callId, quality) => post(callId, "quality", { quality }),
    failed: (callId, reason) => post(callId, "device-failed", { device: tab, reason }),
    say: (callId, to_leg, body) => http.ask("POST", `/calls/${callId}/signals`, { body: { to_leg, body } }),
    recorded: async (callId, { sound, ...chunk }) => {
      const form = new FormData();
      form.append("file", sound, "chunk.webm");
      const query = new URLSearchParams(Object.entries(chunk).map(([name, value]) => [name, String(value)])).toString();
      const init: RequestInit = { method: "POST", body: form, headers: { "X-Hub-Request": "1" }, credentials: "same-origin", keepalive: sound.size < KEPT_ALIVE };
      const answer = await fetch(`/api/v1/calls/${callId}/recording-chunks?${query}`, init).catch(() => {
        throw new Unreachable();
      });
      if (answer.ok) return;
      if (answer.status >= 500 || answer.status === 429) throw new Unreachable();
      throw refusal(answer.status, await answer.text());
    },
  };
}
