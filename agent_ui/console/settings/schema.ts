import type { Channel } from "../api/house";

interface Facts {
  name: string;
  /** Its name with those of what it is a part of: templates.name. */
  path: string;
  title: string;
  /** What the channel says of it, in English. */
  hint: string;
  required: boolean;
}

/** A control for one setting of a channel, made from the JSON Schema the channel gives. */
export type Control = Facts &
  (
    | { kind: "text" | "secret" | "colour" | "flag" | "json" | "long"; most?: number; pattern?: string }
    | { kind: "number"; least?: number; most?: number }
    | { kind: "choice"; choices: string[] }
    | { kind: "numbers" }
    | { kind: "lines" | "perLanguage" | "questions"; keys: string[] }
    | { kind: "pairs" }
    | { kind: "records"; parts: Control[]; most?: number }
    | { kind: "nested"; parts: Control[] }
  );

interface Schema {
  type?: string;
  $ref?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  writeOnly?: boolean;
  pattern?: string;
  title?: string;
  description?: string;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  $defs?: Record<string, Schema>;
}

/** From this many characters on, a text is written on several lines. */
const LONG = 1_000;
const SIMPLE = new Set<Control["kind"]>(["text", "flag", "number", "choice", "long", "lines"]);

/** The controls of a channel's settings, in the channel's order. What no control fits is edited as JSON. */
export function controlsOf(channel: Pick<Channel, "settings">): Control[] {
  const whole = channel.settings as Schema;
  return partsOf(whole, whole, "");
}

function partsOf(schema: Schema, whole: Schema, within: string): Control[] {
  return Object.entries(schema.properties ?? {}).map(([name, part]) => controlOf({ name, path: within + name, required: schema.required?.includes(name) ?? false }, resolved(part, whole), whole));
}

function controlOf(named: Pick<Facts, "name" | "path" | "required">, schema: Schema, whole: Schema): Control {
  const facts: Facts = { ...named, title: schema.title ?? named.name, hint: schema.description ?? "" };
  if (schema.writeOnly || schema.format === "password") return { kind: "secret", ...facts };
  if (schema.enum) return { kind: "choice", ...facts, choices: schema.enum.map(String) };
  if (schema.type === "boolean") return { kind: "flag", ...facts };
  if (schema.type === "integer" || schema.type === "number") return { kind: "number", ...facts, ...defined({ least: schema.minimum, most: schema.maximum }) };
  if (schema.type === "string") {
    const kind = schema.pattern?.startsWith("^#[0-9a-f") ? "colour" : (schema.maxLength ?? 0) >= LONG ? "long" : "text";
    return { kind, ...facts, ...defined({ most: schema.maxLength, pattern: schema.pattern }) };
  }
  if (schema.type === "array") return arrayOf(facts, resolved(schema.items ?? {}, whole), whole, schema.maxItems);
  return objectOf(facts, schema, whole);
}

function arrayOf(facts: Facts, items: Schema, whole: Schema, most: number | undefined): Control {
  if (items.type === "string" && !items.enum) return { kind: "lines", ...facts, keys: [] };
  if (items.type === "integer" || items.type === "number") return { kind: "numbers", ...facts };
  const names = resolved(items.properties?.["name"] ?? {}, whole).enum;
  if (names && items.properties?.["required"]) return { kind: "questions", ...facts, keys: names.map(String) };
  const parts = partsOf(items, whole, `${facts.path}.`);
  return parts.length && parts.every(({ kind }) => SIMPLE.has(kind)) ? { kind: "records", ...facts, parts, ...defined({ most }) } : { kind: "json", ...facts };
}

function objectOf(facts: Facts, schema: Schema, whole: Schema): Control {
  const keys = resolved(schema.propertyNames ?? {}, whole).enum;
  if (keys) return { kind: "perLanguage", ...facts, keys: keys.map(String) };
  const values = typeof schema.additionalProperties === "object" ? resolved(schema.additionalProperties, whole) : {};
  if (!schema.properties && values.type === "string") return { kind: "pairs", ...facts };
  const parts = partsOf(schema, whole, `${facts.path}.`);
  return parts.length && parts.every(({ kind }) => SIMPLE.has(kind)) ? { kind: "nested", ...facts, parts } : { kind: "json", ...facts };
}

function resolved(schema: Schema, whole: Schema): Schema {
  const own = schema.anyOf?.find((one) => one.type !== "null") ?? schema.allOf?.[0];
  if (own && (schema.allOf?.length === 1 || schema.anyOf?.length === 2)) return { ...resolved(own, whole), ...defined({ title: schema.title, description: schema.description, default: schema.default }) };
  const name = schema.$ref?.split("/").at(-1);
  if (!name) return schema;
  return { ...whole.$defs?.[name], ...defined({ title: schema.title ?? name, description: schema.description, default: schema.default }) };
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
    case "numbers":
    case "questions":
    case "records":
      return [];
    case "perLanguage":
    case "pairs":
      return {};
    case "nested":
      return blank(control.parts);
    case "choice":
      return control.choices[0] ?? "";
    default:
      return "";
  }
}

/** A record with nothing in it yet. */
export function blank(parts: readonly Control[]): Record<string, unknown> {
  return Object.fromEntries(parts.map((part) => [part.name, emptyOf(part)]));
}

/** The values a form begins with: those of the account, else the channel's own defaults. */
export function valuesOf(channel: Pick<Channel, "settings">, controls: readonly Control[], held: Record<string, unknown>): Record<string, unknown> {
  const properties = (channel.settings as Schema).properties ?? {};
  return Object.fromEntries(
    controls.map((control) => [control.name, control.kind === "secret" ? "" : structuredClone(held[control.name] ?? properties[control.name]?.default ?? emptyOf(control))]),
  );
}

/** The settings as they are sent: secrets that were not typed stay as they are, so they are not named; `null` takes one away. */
export function sent(controls: readonly Control[], values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    controls.flatMap(({ kind, name }) => {
      if (kind !== "secret") return [[name, values[name]]];
      return values[name] === null ? [[name, ""]] : values[name] ? [[name, values[name]]] : [];
    }),
  );
}
