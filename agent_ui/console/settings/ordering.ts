/** What stands in an order that is kept as numbers, which may be the same for several. */
interface Placed {
  id: number;
  position: number;
}

/** Which rows get another number when one of them goes a place up or down; the rows are in their order now. */
export function renumbered<T extends Placed>(rows: readonly T[], one: T, by: -1 | 1): { row: T; position: number }[] {
  const from = rows.indexOf(one);
  const to = from + by;
  if (from < 0 || to < 0 || to >= rows.length) return [];
  const order = rows.toSpliced(from, 1).toSpliced(to, 0, one);
  return order.flatMap((row, position) => (row.position === position ? [] : [{ row, position }]));
}
