import type { Key } from "./en";
import accounts from "./ru/accounts.json";
import calls from "./ru/calls.json";
import inbox from "./ru/inbox.json";
import leads from "./ru/leads.json";
import merging from "./ru/merging.json";
import people from "./ru/people.json";
import refusals from "./ru/refusals.json";
import settings from "./ru/settings.json";
import shell from "./ru/shell.json";
import ways from "./ru/ways.json";
import type { Phrase } from "./words.svelte";

export default { ...shell, ...inbox, ...people, ...leads, ...merging, ...settings, ...accounts, ...calls, ...ways, ...refusals } satisfies Record<Key, Phrase>;
