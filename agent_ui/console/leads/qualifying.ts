import type { Qualification } from "../api/cases";

/** What stands in the form of qualifying. */
export interface Typed {
  becomes: Qualification["becomes"];
  /** None: a new contact is made. */
  contactId: number | null;
  name: string;
  company: string;
  title: string;
  /** In the smallest unit of the currency; none: nobody knows. */
  amount?: number | null;
}

/** Whether this is what a person is called: not a number, an address or a passing visitor. */
export function isName(who: string): boolean {
  return !/@|^Visitor\b|^[+\d]/.test(who);
}

/** What is sent: only what this choice needs. */
export function qualification({ becomes, contactId, name, company, title, amount = null }: Typed): Qualification {
  const whose = contactId !== null ? { contact_id: contactId } : { name: name.trim(), ...(company.trim() ? { company: company.trim() } : {}) };
  return { becomes, ...whose, ...(becomes !== "contact" && title.trim() ? { title: title.trim() } : {}), ...(becomes === "deal" && amount !== null ? { amount } : {}) };
}
