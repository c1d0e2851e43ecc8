import { describe, expect, it } from "vitest";
import type { ContactValue, IdentityValue } from "../wire";
import { addresses, choicesOf, differing, turned } from "./choosing";

function contact(id: number, said: Partial<ContactValue>): ContactValue {
  return { id, kind: "person", name: "Maria", company: "", title: "", language: "", timezone: "", owner_id: null, note: "", tags: [], fields: {}, identities: [], root_id: null, created_at: 0, version: 1, ...said };
}

function identity(id: number, said: Partial<IdentityValue> = {}): IdentityValue {
  return { id, scheme: "tel", value: String(id), display: String(id), name: "", contact_id: null, verified: false, is_primary: false, label: "", last_seen: null, facts: {}, ...said } as IdentityValue;
}

describe("merging two contacts", () => {
  const one = contact(1, { name: "Maria K.", company: "Nordwind", owner_id: 3 });
  const other = contact(2, { name: "Maria Kovalenko", company: "Nordwind", note: "Likes tea", owner_id: 4 });

  it("asks only where both say something else", () => {
    expect(differing(one, other)).toEqual(["name", "owner_id"]);
  });

  it("keeps what only one of them says", () => {
    expect(choicesOf(one, other, { name: "absorbed" })).toEqual({ name: "absorbed", owner_id: "survivor", note: "absorbed" });
  });

  it("keeps the same words when the other one survives", () => {
    expect(turned(turned({ name: "absorbed" }))).toEqual({ name: "absorbed" });
    expect(choicesOf(other, one, turned({ name: "absorbed", owner_id: "survivor" }))).toEqual({ name: "survivor", owner_id: "absorbed", note: "survivor" });
  });

  it("shows every address once, primary ones first", () => {
    const shared = identity(7);
    const merged = addresses(contact(1, { identities: [shared, identity(8)] }), contact(2, { identities: [shared, identity(9, { is_primary: true })] }));
    expect(merged.map(({ id }) => id)).toEqual([9, 7, 8]);
  });
});
