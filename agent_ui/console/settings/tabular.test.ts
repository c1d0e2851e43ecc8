import { describe, expect, it } from "vitest";
import { type Column, filtered, paged, sorted } from "./tabular";

interface Agent {
  name: string;
  since: number | null;
}
const columns: Column<Agent>[] = [
  { id: "name", title: "", by: ({ name }) => name },
  { id: "since", title: "", by: ({ since }) => since },
];
const rows: Agent[] = [
  { name: "Олег", since: 3 },
  { name: "agent 10", since: null },
  { name: "agent 9", since: 1 },
];

describe("a list in the settings", () => {
  it("is narrowed by every word typed", () => {
    expect(filtered(rows, columns, "AGENT 9").map(({ name }) => name)).toEqual(["agent 9"]);
    expect(filtered(rows, columns, " ")).toHaveLength(3);
  });

  it("is sorted as people count, with what is empty at the end in both directions", () => {
    expect(sorted(rows, columns, { id: "name", down: false }).map(({ name }) => name)).toEqual(["agent 9", "agent 10", "Олег"]);
    expect(sorted(rows, columns, { id: "since", down: false }).map(({ since }) => since)).toEqual([1, 3, null]);
    expect(sorted(rows, columns, { id: "since", down: true }).map(({ since }) => since)).toEqual([3, 1, null]);
  });

  it("has pages, and a page that is gone is the last one", () => {
    expect(paged([1, 2, 3, 4, 5], 1, 2)).toEqual({ rows: [3, 4], page: 1, pages: 3 });
    expect(paged([1, 2, 3], 9, 2)).toEqual({ rows: [3], page: 1, pages: 2 });
    expect(paged([], 0, 2)).toEqual({ rows: [], page: 0, pages: 1 });
  });
});
