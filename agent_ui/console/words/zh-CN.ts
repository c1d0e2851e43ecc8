import type { Key } from "./en";
import accounts from "./zh-CN/accounts.json";
import calls from "./zh-CN/calls.json";
import inbox from "./zh-CN/inbox.json";
import leads from "./zh-CN/leads.json";
import merging from "./zh-CN/merging.json";
import people from "./zh-CN/people.json";
import refusals from "./zh-CN/refusals.json";
import settings from "./zh-CN/settings.json";
import shell from "./zh-CN/shell.json";
import ways from "./zh-CN/ways.json";
import type { Phrase } from "./words.svelte";

export default { ...shell, ...inbox, ...people, ...leads, ...merging, ...settings, ...accounts, ...calls, ...ways, ...refusals } satisfies Record<Key, Phrase>;
