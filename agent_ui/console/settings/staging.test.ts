import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StageValue } from "../wire";
import { speak } from "../words/words.svelte";
import { renumbered } from "./ordering";
import { blankRows, factsBefore, factsOf, lacking, moved, rowsOf } from "./staging";

const stage = (id: number, name: string, category: StageValue["category"], said: Partial<StageValue> = {}): StageValue => ({ id, pipeline_id: 1, name, category, key: "", position: id, colour: "", probability: null, max_age: null, ...said });
const STAGES = [stage(1, "New", "new"), stage(2, "Meeting", "active", { probability: 40, colour: "blue" }), stage(3, "Won", "won"), stage(4, "Lost", "lost")];

describe("the stages of a pipeline", () => {
  beforeEach(() => speak("uk"));
  afterEach(() => speak("en"));

  it("are shown in the agent's words, and a name that was left alone stays the house's", () => {
    const rows = rowsOf(STAGES);
    expect(rows.map(({ name }) => name)).toEqual(["Новий", "Meeting", "Виграно", "Програно"]);
    expect(factsOf(rows)).toEqual(factsBefore({ stages: STAGES }));
    rows[0]!.name = " Свіжий ";
    expect(factsOf(rows)[0]).toMatchObject({ id: 1, name: "Свіжий", category: "new" });
  });

  it("keep what the form does not show", () => {
    expect(factsOf(rowsOf(STAGES))[1]).toEqual({ id: 2, name: "Meeting", category: "active", colour: "blue", probability: 40, max_age: null });
  });

  it("go up and down, but not past the ends", () => {
    const ids = (rows: ReturnType<typeof rowsOf>) => rows.map(({ key }) => key);
    const rows = rowsOf(STAGES);
    expect(ids(moved(rows, 1, -1))).toEqual([2, 1, 3, 4]);
    expect(ids(moved(rows, 1, 1))).toEqual([1, 3, 2, 4]);
    expect([ids(moved(rows, 0, -1)), ids(moved(rows, 3, 1))]).toEqual([[1, 2, 3, 4], [1, 2, 3, 4]]);
  });

  it("say what cases could not begin or end without", () => {
    expect(lacking("deal", rowsOf(STAGES.slice(0, 2)))).toEqual(["won", "lost"]);
    expect(lacking("request", rowsOf(STAGES.slice(0, 3)))).toEqual([]);
    for (const kind of ["lead", "deal", "request", "job"] as const) expect(lacking(kind, blankRows(kind, String))).toEqual([]);
  });
});

describe("an order kept as numbers", () => {
  const row = (id: number, position: number) => ({ id, position });
  const after = (rows: { id: number; position: number }[], id: number, by: -1 | 1) => {
    const changed = new Map(renumbered(rows, rows.find((one) => one.id === id)!, by).map(({ row: of, position }) => [of.id, position]));
    return rows.toSorted((a, b) => (changed.get(a.id) ?? a.position) - (changed.get(b.id) ?? b.position)).map((one) => one.id);
  };

  it("changes only the two that trade places", () => {
    const rows = [row(7, 0), row(8, 1), row(9, 2)];
    expect(after(rows, 9, -1)).toEqual([7, 9, 8]);
    expect(renumbered(rows, rows[2]!, -1).map(({ row: of }) => of.id)).toEqual([9, 8]);
    expect([renumbered(rows, rows[0]!, -1), renumbered(rows, rows[2]!, 1)]).toEqual([[], []]);
  });

  it("works where several have the same number", () => {
    expect(after([row(7, 0), row(8, 0), row(9, 0)], 7, 1)).toEqual([8, 7, 9]);
  });
});
