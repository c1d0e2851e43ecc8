import type { Key } from "./en";
import inbox from "./pl/inbox.json";
import people from "./pl/people.json";
import settings from "./pl/settings.json";
import shell from "./pl/shell.json";
import type { Phrase } from "./words.svelte";

export default { ...shell, ...inbox, ...people, ...settings } satisfies Record<Key, Phrase>;
