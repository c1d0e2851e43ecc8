import type { StageFacts } from "../api/pipelines";
import { stageName } from "../leads/naming";
import type { CaseKind, PipelineValue, StageCategory, StageValue } from "../wire";

/** A stage in the form of a pipeline; `of` is the stage that is there already. */
export interface StageRow {
  key: number;
  of: StageValue | null;
  name: string;
  category: StageCategory;
}

export const CATEGORIES: readonly StageCategory[] = ["new", "active", "waiting", "won", "lost", "cancelled"];
/** As the hub has them at most. */
export const MOST_STAGES = 30;

/** The stages as the form begins with them, in the words that the agent sees elsewhere. */
export function rowsOf(stages: readonly StageValue[]): StageRow[] {
  return stages.map((of) => ({ key: of.id, of, name: stageName(of), category: of.category }));
}

/** The stages of a new pipeline, to be named. */
export function blankRows(kind: CaseKind, named: (category: StageCategory) => string): StageRow[] {
  const needed: StageCategory[] = ["new", "active", "won", ...(needsLost(kind) ? (["lost"] as const) : [])];
  return needed.map((category, at) => ({ key: -1 - at, of: null, name: named(category), category }));
}

/** What is sent. A name the house gave, seen in the agent's language and left as it was, stays the house's. */
export function factsOf(rows: readonly StageRow[]): StageFacts[] {
  return rows.map(({ of, name, category }) => {
    if (!of) return { name: name.trim(), category };
    const { id, colour, probability, max_age } = of;
    return { id, name: name.trim() === stageName(of) ? of.name : name.trim(), category, colour, probability, max_age };
  });
}

/** The stages as they are, to be sent back when a change is undone. */
export function factsBefore({ stages }: Pick<PipelineValue, "stages">): StageFacts[] {
  return stages.map(({ id, name, category, colour, probability, max_age }) => ({ id, name, category, colour, probability, max_age }));
}

/** The rows with one of them a place further up or down. */
export function moved(rows: readonly StageRow[], from: number, by: -1 | 1): StageRow[] {
  const to = from + by;
  const [one, other] = [rows[from], rows[to]];
  if (!one || !other) return [...rows];
  return rows.map((row, at) => (at === from ? other : at === to ? one : row));
}

/** Categories without which cases of this kind could not begin, or could not end: the hub's own rule. */
export function lacking(kind: CaseKind, rows: readonly StageRow[]): StageCategory[] {
  const there = new Set(rows.map(({ category }) => category));
  return CATEGORIES.filter((one) => (one === "new" || one === "won" || (one === "lost" && needsLost(kind))) && !there.has(one));
}

function needsLost(kind: CaseKind): boolean {
  return kind === "lead" || kind === "deal";
}
