import type { Key } from "./en";
import inbox from "./ru/inbox.json";
import people from "./ru/people.json";
import settings from "./ru/settings.json";
import shell from "./ru/shell.json";
import type { Phrase } from "./words.svelte";

export default { ...shell, ...inbox, ...people, ...settings } satisfies Record<Key, Phrase>;
