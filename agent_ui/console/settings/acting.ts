import { inWords } from "../desk/refusals";
import { toasts } from "../parts/toasts.svelte";
import { t } from "../words/words.svelte";

/** Does something and says what became of it; `undo` brings it back. Returns whether it was done. */
export async function act(doing: () => Promise<unknown>, done: string, undo?: () => Promise<unknown>): Promise<boolean> {
  try {
    await doing();
    if (done) toasts.say(done, undo && { label: t("undo"), run: () => void act(undo, "") });
    return true;
  } catch (error) {
    toasts.complain(inWords(error));
    return false;
  }
}
