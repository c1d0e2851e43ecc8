import accounts from "./en/accounts.json";
import calls from "./en/calls.json";
import inbox from "./en/inbox.json";
import leads from "./en/leads.json";
import merging from "./en/merging.json";
import people from "./en/people.json";
import refusals from "./en/refusals.json";
import settings from "./en/settings.json";
import shell from "./en/shell.json";
import ways from "./en/ways.json";

// shell and inbox: the frame, sign-in and the main screen · people: offers, state, contact, search · leads, merging: cases and contacts ·
// settings, accounts: administration · calls: the phone · refusals: what the hub says by a code.
const catalogue = { ...shell, ...inbox, ...people, ...leads, ...merging, ...settings, ...accounts, ...calls, ...ways, ...refusals };

export type Catalogue = Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>;
export type Key = keyof typeof catalogue;
export default catalogue;
