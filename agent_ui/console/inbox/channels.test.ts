import { afterEach, describe, expect, it } from "vitest";
import { speak } from "../words/words.svelte";
import { nameOf } from "./channels";

describe("what a channel is called", () => {
  afterEach(() => speak("en"));

  it("is said in the language shown where it is no proper name", async () => {
    await speak("en");
    expect([nameOf("email"), nameOf("webchat"), nameOf("telegram")]).toEqual(["E-mail", "Web chat", "Telegram"]);
    await speak("uk");
    expect([nameOf("email"), nameOf("webchat"), nameOf("telegram")]).toEqual(["Ел. пошта", "Вебчат", "Telegram"]);
  });
});
