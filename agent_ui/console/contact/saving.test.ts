import { describe, expect, it } from "vitest";
import type { ContactFacts } from "../api/people";
import { Refused } from "../api/http";
import type { ContactValue } from "../wire";
import { type Book, save } from "./saving";

const anna: ContactValue = {
  id: 7,
  kind: "person",
  name: "Anna",
  company: "Acme",
  title: "",
  language: "",
  timezone: "",
  owner_id: null,
  note: "",
  tags: [],
  fields: {},
  identities: [],
  root_id: null,
  created_at: 0,
  version: 1,
};

/** The hub's book of contacts: a change from another version than the one in it is refused. */
class Shelf implements Book {
  contact = anna;

  get = async () => this.contact;

  change = async (_: number, version: number, facts: ContactFacts) => {
    if (version !== this.contact.version) throw new Refused(409, "conflict", "");
    return this.put(facts);
  };

  put(facts: ContactFacts): ContactValue {
    this.contact = { ...this.contact, ...facts, version: this.contact.version + 1 };
    return this.contact;
  }
}

describe("changing a contact", () => {
  it("is done when nobody else did", async () => {
    const shelf = new Shelf();
    expect(await save(shelf, anna, { name: "Anna K." })).toEqual({ contact: { ...anna, name: "Anna K.", version: 2 } });
  });

  it("keeps what others changed elsewhere", async () => {
    const shelf = new Shelf();
    shelf.put({ company: "Beta" });
    await save(shelf, anna, { name: "Anna K." });
    expect(shelf.contact).toMatchObject({ name: "Anna K.", company: "Beta", version: 3 });
  });

  it("shows theirs when others changed the same", async () => {
    const shelf = new Shelf();
    shelf.put({ name: "Hanna" });
    expect(await save(shelf, anna, { name: "Anna K." })).toEqual({ theirs: shelf.contact });
    expect(shelf.contact.name).toBe("Hanna");
  });

  it("is done already when others changed it to the same", async () => {
    const shelf = new Shelf();
    shelf.put({ tags: ["vip"] });
    expect(await save(shelf, anna, { tags: ["vip"] })).toEqual({ contact: shelf.contact });
  });

  it("passes on a conflict that is not about the version", async () => {
    const shelf = new Shelf();
    shelf.change = async () => {
      throw new Refused(409, "conflict", "");
    };
    await expect(save(shelf, anna, { name: "Anna K." })).rejects.toBeInstanceOf(Refused);
  });
});
