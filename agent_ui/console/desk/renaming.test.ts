import { describe, expect, it } from "vitest";
import { conversation } from "../../shared/testing";
import { renamed } from "./renaming";

const closed = (id: number, contact_id: number | null, who: string) => conversation(id, { status: "closed", contact_id, who });

describe("a contact that gets a name", () => {
  it("has it in the rows of its closed conversations, and of those that became its own by a merge", () => {
    const known = [closed(1, 5, "T. Sh."), closed(2, 6, "Caller"), closed(3, 7, "Anna"), conversation(4, { contact_id: 5, who: "T. Sh." })];
    const after = renamed(known, { id: 5, name: "Taras", root_id: null }, [2, 4]);
    expect(after.map(({ id, contact_id, who }) => [id, contact_id, who])).toEqual([[1, 5, "Taras"], [2, 5, "Taras"]]);
    expect(renamed(after, { id: 5, name: "Taras", root_id: null }, [1, 2])).toEqual([]);
  });

  it("takes nothing from the one it stands for", () => {
    expect(renamed([closed(1, 5, "Taras")], { id: 5, name: "T. Sh.", root_id: 9 }, [1])).toEqual([]);
  });
});
