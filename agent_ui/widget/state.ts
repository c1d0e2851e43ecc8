// What the chat shows, from the frames that came. An entry that comes twice is there once.

import type { ServerFrame, ShownConversation, ShownEntry } from "./protocol";

export interface State {
  ready: boolean;
  visitor: string;
  name: string;
  verified: boolean;
  entries: ShownEntry[];
  hasMore: boolean;
  conversation: ShownConversation | null;
  queuePosition: number | null;
  available: boolean;
  typing: boolean;
}

export const nothing: State = {
  ready: false,
  visitor: "",
  name: "",
  verified: false,
  entries: [],
  hasMore: false,
  conversation: null,
  queuePosition: null,
  available: true,
  typing: false,
};

/** The state after a frame. Frames that change nothing give the same object. */
export function reduce(state: State, frame: ServerFrame): State {
  switch (frame.type) {
    case "welcome": {
      const joined = frame.visitor === state.visitor && joins(state.entries, frame.entries, frame.has_more);
      return {
        ready: true,
        visitor: frame.visitor,
        name: frame.name,
        verified: frame.verified,
        entries: joined ? merged(state.entries, frame.entries) : frame.entries,
        hasMore: joined && state.entries.length > 0 ? state.hasMore : frame.has_more,
        conversation: frame.conversation,
        queuePosition: frame.queue_position,
        available: frame.available,
        typing: false,
      };
    }
    case "entry":
    case "ack":
      return {
        ...state,
        entries: merged(state.entries, [frame.entry]),
        typing: state.typing && frame.entry.mine,
      };
    case "history":
      return { ...state, entries: merged(frame.entries, state.entries), hasMore: frame.has_more };
    case "status":
      return {
        ...state,
        conversation: frame.conversation,
        queuePosition: frame.conversation.waiting ? state.queuePosition : null,
        typing: state.typing && frame.conversation.open,
      };
    case "queue":
      return { ...state, queuePosition: frame.position };
    case "available":
      return { ...state, available: frame.on };
    case "typing":
      return { ...state, typing: frame.on };
    default:
      return state;
  }
}

/** Whether a fresh page of history overlaps what is shown; else there is a gap between, and it is begun anew. */
function joins(shown: ShownEntry[], fresh: ShownEntry[], hasMore: boolean): boolean {
  const last = shown.at(-1);
  const first = fresh[0];
  return !last || !first || !hasMore || first.id <= last.id;
}

function merged(one: ShownEntry[], other: ShownEntry[]): ShownEntry[] {
  const byId = new Map<number, ShownEntry>();
  for (const entry of [...one, ...other]) {
    const known = byId.get(entry.id);
    byId.set(entry.id, known && !entry.client_message_id ? { ...entry, client_message_id: known.client_message_id } : entry);
  }
  return [...byId.values()].sort((a, b) => a.id - b.id);
}
