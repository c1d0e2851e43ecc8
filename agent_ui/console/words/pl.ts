import type { Key } from "./en";
import accounts from "./pl/accounts.json";
import calls from "./pl/calls.json";
import inbox from "./pl/inbox.json";
import leads from "./pl/leads.json";
import merging from "./pl/merging.json";
import people from "./pl/people.json";
import refusals from "./pl/refusals.json";
import settings from "./pl/settings.json";
import shell from "./pl/shell.json";
import ways from "./pl/ways.json";
import type { Phrase } from "./words.svelte";

export default { ...shell, ...inbox, ...people, ...leads, ...merging, ...settings, ...accounts, ...calls, ...ways, ...refusals } satisfies Record<Key, Phrase>;
