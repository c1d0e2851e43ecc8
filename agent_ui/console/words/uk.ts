import type { Key } from "./en";
import inbox from "./uk/inbox.json";
import people from "./uk/people.json";
import settings from "./uk/settings.json";
import shell from "./uk/shell.json";
import type { Phrase } from "./words.svelte";

export default { ...shell, ...inbox, ...people, ...settings } satisfies Record<Key, Phrase>;
