import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Segments, count } from "./segments";

interface Case extends Segments {
  name: string;
  text: string;
}

// The cases that crm_core/words/segments.py is held against, too: what an agent is shown is what is paid.
const cases = JSON.parse(readFileSync(join(import.meta.dirname, "../../../tests/cases/segments.json"), "utf8")) as Case[];

describe("the segments of a text message", () => {
  it.each(cases)("$name", ({ name, text, ...expected }) => {
    expect(count(text), name).toEqual(expected);
  });

  it("are told from more than a handful of cases", () => expect(cases.length).toBeGreaterThan(20));
});
