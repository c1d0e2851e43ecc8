import type { Parcel } from "../desk/outgoing.svelte";
import type { EntryValue } from "../wire";
import { bareSubject } from "./recipients";

/** One line of the shown timeline. */
export type Row =
  | { key: string; kind: "day"; at: number }
  | { key: string; kind: "unread" }
  | { key: string; kind: "entry"; entry: EntryValue; first: boolean; last: boolean; subject: string }
  | { key: string; kind: "parcel"; parcel: Parcel };

const GROUP_MS = 5 * 60_000;

/**
 * Entries with a separator for each day and before what is unread, and what is still on its way at the end.
 * A subject stands where it becomes another one; `Re:` and its like make no other.
 */
export function rowsOf(entries: readonly EntryValue[], firstUnread: number | null, parcels: readonly Parcel[]): Row[] {
  const rows: Row[] = [];
  let day = "";
  let before: EntryValue | undefined;
  let called = "";
  entries.forEach((entry, index) => {
    const itsDay = new Date(entry.at).toDateString();
    if (itsDay !== day) {
      rows.push({ key: `d${itsDay}`, kind: "day", at: entry.at });
      before = undefined;
    }
    day = itsDay;
    if (entry.id === firstUnread) {
      rows.push({ key: "unread", kind: "unread" });
      before = undefined;
    }
    const next = entries[index + 1];
    const last = !next || !sameGroup(entry, next) || next.id === firstUnread || new Date(next.at).toDateString() !== itsDay;
    const subject = entry.details?.subject ?? "";
    const changes = subject !== "" && bareSubject(subject) !== called;
    if (changes) called = bareSubject(subject);
    rows.push({ key: `e${entry.id}`, kind: "entry", entry, first: !before || !sameGroup(before, entry), last, subject: changes ? subject : "" });
    before = entry;
  });
  for (const parcel of parcels) rows.push({ key: `p${parcel.key}`, kind: "parcel", parcel });
  return rows;
}

/** Whether two neighbours were written by the same hand in one breath. */
function sameGroup(a: EntryValue, b: EntryValue): boolean {
  return (
    a.kind === b.kind &&
    a.kind !== "notice" &&
    a.kind !== "call" &&
    a.author.kind === b.author.kind &&
    a.author.id === b.author.id &&
    a.direction === b.direction &&
    a.channel === b.channel &&
    b.at - a.at < GROUP_MS
  );
}

/** A guess of a row's height in pixels, until it was measured. */
export function guess(row: Row): number {
  if (row.kind === "day" || row.kind === "unread") return 44;
  if (row.kind === "parcel") return 60;
  if (row.entry.kind === "notice") return 30;
  if (row.entry.kind === "call") return 64 + (row.entry.details?.call?.recordings.length ?? 0) * 44;
  const lines = Math.min(24, Math.ceil(row.entry.text.length / 62) + (row.entry.text.match(/\n/g)?.length ?? 0));
  return 20 + lines * 20 + (row.first ? 22 : 0) + row.entry.files.length * 60 + (row.subject ? 24 : 0);
}
