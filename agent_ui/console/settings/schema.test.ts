import { describe, expect, it } from "vitest";
import { controlsOf, emptyOf, sent, valuesOf } from "./schema";

const webchat = {
  kind: "webchat",
  title: "Web chat",
  medium: "chat",
  settings: {
    $defs: { FormField: { type: "object", properties: { name: { enum: ["name", "email", "phone"], type: "string" }, required: { type: "boolean" } } } },
    properties: {
      title: { type: "string", maxLength: 80, title: "Title" },
      colour: { type: "string", pattern: "^#[0-9a-fA-F]{6}$", title: "Colour" },
      side: { enum: ["right", "left"], type: "string", title: "Side" },
      greeting: { type: "object", propertyNames: { enum: ["en", "uk"] }, additionalProperties: { type: "string" }, title: "Greeting" },
      pre_chat: { type: "array", items: { $ref: "#/$defs/FormField" }, title: "Pre Chat" },
      offline_form: { type: "boolean", title: "Offline Form" },
      allowed_origins: { type: "array", items: { type: "string" }, title: "Allowed Origins" },
      identity_secret: { type: "string", format: "password", writeOnly: true, title: "Identity Secret" },
      max_file_bytes: { type: "integer", minimum: 0, maximum: 100, title: "Max" },
    },
  },
};

describe("the settings of a channel", () => {
  it("have a control for each kind", () => {
    expect(controlsOf(webchat).map(({ name, kind }) => [name, kind])).toEqual([
      ["title", "text"],
      ["colour", "colour"],
      ["side", "choice"],
      ["greeting", "perLanguage"],
      ["pre_chat", "questions"],
      ["offline_form", "flag"],
      ["allowed_origins", "lines"],
      ["identity_secret", "secret"],
      ["max_file_bytes", "number"],
    ]);
  });

  it("have controls for nested ones, optional ones and lists of records", () => {
    const settings = {
      $defs: {
        Template: { type: "object", required: ["id"], properties: { id: { type: "string", title: "Id" }, text: { type: "string", maxLength: 4096, title: "Text" } } },
        Server: { type: "object", properties: { host: { type: "string" }, port: { type: "integer", minimum: 1 } } },
        Mode: { enum: ["webhook", "polling"], type: "string" },
      },
      required: ["mode"],
      properties: {
        mode: { $ref: "#/$defs/Mode", description: "Who calls whom." },
        templates: { type: "array", items: { $ref: "#/$defs/Template" }, maxItems: 200 },
        server: { $ref: "#/$defs/Server" },
        success: { type: "array", items: { type: "integer" } },
        headers: { type: "object", additionalProperties: { type: "string" } },
        token: { anyOf: [{ type: "string", format: "password", writeOnly: true }, { type: "null" }], title: "Token" },
      },
    };
    const controls = controlsOf({ settings });
    expect(controls.map(({ name, kind }) => [name, kind])).toEqual([["mode", "choice"], ["templates", "records"], ["server", "nested"], ["success", "numbers"], ["headers", "pairs"], ["token", "secret"]]);
    expect(controls[0]).toMatchObject({ required: true, hint: "Who calls whom.", choices: ["webhook", "polling"] });
    expect(valuesOf({ settings }, controls, {})["server"]).toEqual({ host: "", port: 1 });
  });

  it("can be edited as JSON where no control fits", () => {
    expect(controlsOf({ ...webchat, settings: { properties: { odd: { type: "object" } } } })[0]?.kind).toBe("json");
  });

  it("never send a secret that was not typed, so that the one in the hub stays", () => {
    const controls = controlsOf(webchat);
    const values = Object.fromEntries(controls.map((control) => [control.name, emptyOf(control)]));
    expect(sent(controls, values)).not.toHaveProperty("identity_secret");
    expect(sent(controls, { ...values, identity_secret: "s" })).toHaveProperty("identity_secret", "s");
    expect(sent(controls, { ...values, identity_secret: null })).toHaveProperty("identity_secret", "");
  });
});
