import { afterEach, describe, expect, it } from "vitest";
import { LANGUAGES, speak } from "../words/words.svelte";
import { phoningInWords } from "./watching";

describe("what an agent does on the phone", () => {
  afterEach(() => speak("en"));

  it("has words in every language, another for each way", async () => {
    for (const { code } of LANGUAGES) {
      await speak(code);
      const words = ["talk", "consult", "monitor", "whisper", "barge"].map(phoningInWords);
      expect(new Set(words).size, code).toBe(5);
      expect(words.join(), code).not.toContain("live.phone");
    }
  });
});
