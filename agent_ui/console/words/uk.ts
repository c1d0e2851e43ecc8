import type { Key } from "./en";
import accounts from "./uk/accounts.json";
import calls from "./uk/calls.json";
import inbox from "./uk/inbox.json";
import leads from "./uk/leads.json";
import merging from "./uk/merging.json";
import people from "./uk/people.json";
import refusals from "./uk/refusals.json";
import settings from "./uk/settings.json";
import shell from "./uk/shell.json";
import ways from "./uk/ways.json";
import type { Phrase } from "./words.svelte";

export default { ...shell, ...inbox, ...people, ...leads, ...merging, ...settings, ...accounts, ...calls, ...ways, ...refusals } satisfies Record<Key, Phrase>;
