import inbox from "./en/inbox.json";
import people from "./en/people.json";
import settings from "./en/settings.json";
import shell from "./en/shell.json";

// shell and inbox: the frame, sign-in and the main screen · people: offers, state, contact, search · settings: administration.
const catalogue = { ...shell, ...inbox, ...people, ...settings };

export type Catalogue = Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>;
export type Key = keyof typeof catalogue;
export default catalogue;
