import { afterEach, describe, expect, it } from "vitest";
import { speak } from "../../words/words.svelte";
import { hintOf, labelOf } from "../naming";
import { controlsOf } from "../schema";
import { learn } from "./translated.svelte";

const [number, templates] = controlsOf({
  settings: {
    $defs: { Template: { type: "object", properties: { name: { type: "string", title: "Name" }, text: { type: "string", title: "Text" } } } },
    properties: {
      caller_id: { type: "string", title: "Caller id", description: "Our number; calls out show it." },
      templates: { type: "array", items: { $ref: "#/$defs/Template" }, title: "Approved templates" },
    },
  },
});

describe("what a channel says of its settings", () => {
  afterEach(async () => {
    await speak("en");
    await learn("en");
  });

  it("stands there in the language shown, once that has come", async () => {
    await speak("uk");
    expect(hintOf(number!)).toBe("Our number; calls out show it.");
    await learn("uk");
    expect(hintOf(number!)).toBe("Наш номер; його бачать ті, кому дзвонимо.");
    await speak("pl");
    expect(hintOf(number!)).toBe("Our number; calls out show it.");
    await learn("pl");
    expect(hintOf(number!)).toBe("Nasz numer; widzą go ci, do których dzwonimy.");
  });

  it("is not taken for a setting of the same name elsewhere", async () => {
    const parts = templates?.kind === "records" ? templates.parts : [];
    expect(parts.map(labelOf)).toEqual(["Name", "Text"]);
    expect(labelOf({ path: "name", title: "Name" })).toBe("Sender’s name");
    await speak("uk");
    await learn("uk");
    expect(parts.map(labelOf)).toEqual(["Назва", "Текст"]);
  });

  it("is its own where nobody has translated it, and nothing where it says nothing", async () => {
    await speak("ru");
    await learn("ru");
    expect(labelOf({ path: "odd", title: "An odd thing" })).toBe("An odd thing");
    expect(hintOf({ path: "odd", hint: "" })).toBeUndefined();
  });
});
