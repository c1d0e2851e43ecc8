import type { Key } from "./en";
import inbox from "./zh-CN/inbox.json";
import people from "./zh-CN/people.json";
import settings from "./zh-CN/settings.json";
import shell from "./zh-CN/shell.json";
import type { Phrase } from "./words.svelte";

export default { ...shell, ...inbox, ...people, ...settings } satisfies Record<Key, Phrase>;
