import { describe, expect, it } from "vitest";
import { sectionsOf } from "./guides";
import { controlsOf } from "./schema";

const text = (title: string) => ({ type: "string", title });
const email = controlsOf({
  settings: {
    required: ["address"],
    properties: {
      address: text("Address"),
      incoming: { enum: ["imap", "listener", "none"], type: "string" },
      auth: { enum: ["password", "xoauth2"], type: "string" },
      password: { type: "string", format: "password" },
      oauth_url: text("URL"),
      imap_host: text("Host"),
      smtp_host: text("Host"),
      smtp_port: { type: "integer" },
      listener_port: { type: "integer" },
      certificates: { type: "string", maxLength: 100_000 },
    },
  },
});
const names = (values: Record<string, unknown>) => sectionsOf("email", email, values).map(({ id, controls }) => [id, controls.map(({ name }) => name).join(" ")]);

describe("the form of a mailbox", () => {
  it("asks for what the choices need and folds the rest away", () => {
    expect(names({ incoming: "imap", auth: "password", smtp_host: "mail.example" })).toEqual([
      ["address", "address"],
      ["incoming", "incoming imap_host"],
      ["sign_in", "auth password"],
      ["outgoing", "smtp_host smtp_port"],
      ["advanced", "certificates"],
    ]);
  });

  it("asks for other things when mail comes another way", () => {
    expect(names({ incoming: "listener", auth: "xoauth2", smtp_host: "" })).toEqual([
      ["address", "address"],
      ["incoming", "incoming listener_port"],
      ["sign_in", "auth oauth_url"],
      ["outgoing", "smtp_host"],
      ["advanced", "certificates"],
    ]);
  });
});

describe("the form of a channel the console does not know", () => {
  it("shows first what has to be filled in", () => {
    const controls = controlsOf({ settings: { required: ["number"], properties: { speed: { type: "integer" }, number: text("Number"), token: { type: "string", format: "password" } } } });
    expect(sectionsOf("pager", controls, {}).map(({ id, controls: of }) => [id, of.map(({ name }) => name)])).toEqual([
      ["provider", ["number", "token"]],
      ["advanced", ["speed"]],
    ]);
  });

  it("shows everything when nothing has to be", () => {
    expect(sectionsOf("pager", controlsOf({ settings: { properties: { speed: { type: "integer" } } } }), {}).map(({ id }) => id)).toEqual(["provider"]);
  });
});

const exchange = controlsOf({
  settings: {
    required: ["password"],
    properties: {
      ari_url: text("Address"),
      password: { type: "string", format: "password" },
      trunk: text("Numbers"),
      sounds: { type: "object", additionalProperties: { type: "string" } },
      ice_servers: { type: "array", items: { type: "string" } },
      turn_user: text("TURN user"),
    },
  },
});

describe("the form of an Asterisk", () => {
  it("asks for TURN's user only when there is a TURN server", () => {
    const shown = (ice_servers: string[]) => sectionsOf("asterisk", exchange, { ice_servers }).map(({ id, controls }) => [id, controls.map(({ name }) => name).join(" ")]);
    expect(shown(["stun:stun.example:3478"])).toEqual([
      ["provider", "ari_url password"],
      ["calls_out", "trunk"],
      ["softphones", "ice_servers"],
      ["advanced", "sounds"],
    ]);
    expect(shown(["turn:turn.example:3478"])[2]).toEqual(["softphones", "ice_servers turn_user"]);
  });
});
