const KEY = "switchboard.phone.tab";

/**
 * The name of this tab as calls know it: it survives a refresh and belongs to no other tab. A browser copies what a
 * tab keeps when the tab is duplicated, so the name is held as a lock and a copy takes a new one.
 */
export async function ownTab(storage: Storage = sessionStorage, locks: LockManager | undefined = navigator.locks): Promise<string> {
  const kept = storage.getItem(KEY);
  if (kept && (await isFree(kept, locks))) return kept;
  const name = newName();
  storage.setItem(KEY, name);
  await isFree(name, locks);
  return name;
}

/** Takes the name for as long as the page lives. Returns whether nobody has it. */
function isFree(name: string, locks: LockManager | undefined): Promise<boolean> {
  if (!locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const forGood = new Promise<never>(() => undefined);
    void locks.request(`switchboard.phone.${name}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? forGood : undefined;
    });
  });
}

function newName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
