import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Refused, Unreachable } from "../api/http";
import { speak } from "../words/words.svelte";
import { fieldInWords, inWords, reasonInWords, wrongAt } from "./refusals";

const port = { pointer: "#/settings/imap_port", detail: "Input should be less than or equal to 65535", why: "most", facts: { n: 65_535 } };
const odd = { pointer: "#/settings/imap", detail: "Nobody has words for this." };
const conflict = (why?: string, facts?: Record<string, unknown>) => new Refused(409, "conflict", "English.", { ...(why && { why }), ...(facts && { facts }) });

describe("what the hub refuses", () => {
  beforeEach(() => speak("uk"));
  afterEach(() => speak("en"));

  it("is said in the person's language by its code, with what it names", () => {
    expect(inWords(conflict("case_taken", { name: "Ада" }))).toBe("Цю справу веде Ада.");
    expect(inWords(new Refused(422, "invalid", "English.", { why: "opted_out" }))).toBe("Вони просили не писати їм сюди.");
    expect(inWords(conflict("hung_up"))).toBe("Клієнт поклав слухавку.");
    expect(inWords(new Refused(422, "dial_refused", "English.", { why: "own" }))).toBe("Це наш власний номер.");
    expect(inWords(new Refused(403, "denied", "English.", { why: "old_password" }))).toBe("Старий пароль неправильний.");
  });

  it("is said in general where its code says no more, and in English where nothing else is known", () => {
    expect(inWords(conflict())).toBe("Хтось уже змінив це.");
    expect(inWords(conflict("of_a_newer_hub"))).toBe("Хтось уже змінив це.");
    expect(reasonInWords(conflict("of_a_newer_hub"))).toBeNull();
    expect(inWords(new Refused(422, "invalid", "English."))).toBe("English.");
    expect(inWords(new Refused(500, "fault", "English."))).toBe("Щось пішло не так. Спробуйте ще раз.");
    expect(inWords(new Unreachable())).toBe("Немає зв’язку із сервером. Перевірте мережу.");
  });

  it("is told of each value of a form", () => {
    expect(fieldInWords(port).replaceAll(/\s/g, " ")).toBe("Тут має бути 65 535 або менше.");
    expect(fieldInWords(odd)).toBe("Nobody has words for this.");
    expect(wrongAt([port], "settings/imap_port")).toBe(fieldInWords(port));
    expect(wrongAt([port], "settings")).toBe(fieldInWords(port));
    expect(wrongAt([port], "settings/imap")).toBeUndefined();
    const refused = new Refused(422, "invalid", "English.", {}, [port, odd, odd]);
    expect(inWords(refused, (field) => (field === port ? "Порт" : undefined)).replaceAll(/\s/g, " ")).toBe("Не все тут правильно. Порт: Тут має бути 65 535 або менше. Nobody has words for this.");
  });
});
