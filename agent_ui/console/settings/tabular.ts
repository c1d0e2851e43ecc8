export interface Column<T> {
  id: string;
  title: string;
  /** What it is sorted by; a column without is not sorted. */
  by?: (row: T) => string | number | null;
  /** What is found by the filter, when it is not what it is sorted by. */
  words?: (row: T) => string;
  end?: boolean;
}

export interface Sorting {
  id: string;
  down: boolean;
}

/** Rows in whose words every word typed stands. */
export function filtered<T>(rows: readonly T[], columns: readonly Column<T>[], typed: string): T[] {
  const wanted = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return [...rows];
  return rows.filter((row) => {
    const text = columns.map((column) => column.words?.(row) ?? String(column.by?.(row) ?? "")).join(" ").toLocaleLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** Rows in the order of a column; rows that have nothing there come last, equal ones stay as they were. */
export function sorted<T>(rows: readonly T[], columns: readonly Column<T>[], { id, down }: Sorting): T[] {
  const by = columns.find((column) => column.id === id)?.by;
  if (!by) return [...rows];
  return rows.toSorted((a, b) => {
    const [one, other] = [by(a), by(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    const order = typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other), undefined, { numeric: true });
    return down ? -order : order;
  });
}

/** One page of the rows and how many pages there are; a page beyond the end is the last. */
export function paged<T>(rows: readonly T[], page: number, size: number): { rows: T[]; page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const shown = Math.min(Math.max(0, page), pages - 1);
  return { rows: rows.slice(shown * size, (shown + 1) * size), page: shown, pages };
}
