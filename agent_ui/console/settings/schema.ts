import type { Channel } from "../api/house";

/** A control for one setting of a channel, made from the JSON Schema the channel gives. */
export type Control =
  | { kind: "text" | "secret" | "colour" | "flag" | "json"; name: string; title: string; most?: number; pattern?: string }
  | { kind: "number"; name: string; title: string; least?: number; most?: number }
  | { kind: "choice"; name: string; title: string; choices: string[] }
  | { kind: "lines" | "perLanguage" | "questions"; name: string; title: string; keys: string[] };

interface Schema {
  type?: string;
  $ref?: string;
  enum?: unknown[];
  default?: unknown;
  format?: string;
  writeOnly?: boolean;
  pattern?: string;
  title?: string;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: Schema;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  propertyNames?: Schema;
  $defs?: Record<string, Schema>;
}

/** The controls of a channel's settings, in the channel's order. What no control fits is edited as JSON. */
export function controlsOf(channel: Channel): Control[] {
  const whole = channel.settings as Schema;
  return Object.entries(whole.properties ?? {}).map(([name, schema]) => controlOf(name, resolved(schema, whole), whole));
}

function controlOf(name: string, schema: Schema, whole: Schema): Control {
  const title = schema.title ?? name;
  if (schema.writeOnly || schema.format === "password") return { kind: "secret", name, title };
  if (schema.enum) return { kind: "choice", name, title, choices: schema.enum.map(String) };
  if (schema.type === "boolean") return { kind: "flag", name, title };
  if (schema.type === "integer" || schema.type === "number") return { kind: "number", name, title, ...defined({ least: schema.minimum, most: schema.maximum }) };
  if (schema.type === "string") return { kind: schema.pattern?.startsWith("^#[0-9a-f") ? "colour" : "text", name, title, ...defined({ most: schema.maxLength, pattern: schema.pattern }) };
  if (schema.type === "array") return arrayOf(name, title, resolved(schema.items ?? {}, whole), whole);
  const keys = resolved(schema.propertyNames ?? {}, whole).enum;
  if (schema.type === "object" && keys) return { kind: "perLanguage", name, title, keys: keys.map(String) };
  return { kind: "json", name, title };
}

function arrayOf(name: string, title: string, items: Schema, whole: Schema): Control {
  if (items.type === "string" && !items.enum) return { kind: "lines", name, title, keys: [] };
  const names = resolved(items.properties?.["name"] ?? {}, whole).enum;
  if (names && items.properties?.["required"]) return { kind: "questions", name, title, keys: names.map(String) };
  return { kind: "json", name, title };
}

function resolved(schema: Schema, whole: Schema): Schema {
  const name = schema.$ref?.split("/").at(-1);
  return name ? { ...whole.$defs?.[name], title: schema.title ?? name } : schema;
}

function defined<T extends Record<string, unknown>>(facts: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: NonNullable<T[K]> };
}

/** What is said when a channel says nothing of a setting. */
export function emptyOf(control: Control): unknown {
  switch (control.kind) {
    case "flag":
      return false;
    case "number":
      return control.least ?? 0;
    case "lines":
    case "questions":
      return [];
    case "perLanguage":
      return {};
    case "choice":
      return control.choices[0] ?? "";
    default:
      return "";
  }
}

/** The values a form begins with: those of the account, else the channel's own defaults. */
export function valuesOf(channel: Channel, controls: readonly Control[], held: Record<string, unknown>): Record<string, unknown> {
  const properties = (channel.settings as Schema).properties ?? {};
  return Object.fromEntries(
    controls.map((control) => [control.name, control.kind === "secret" ? "" : structuredClone(held[control.name] ?? properties[control.name]?.default ?? emptyOf(control))]),
  );
}

/** The settings as they are sent: secrets that were not typed stay as they are, so they are not named. */
export function sent(controls: readonly Control[], values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(controls.flatMap(({ kind, name }) => (kind === "secret" && !values[name] ? [] : [[name, values[name]]])));
}
