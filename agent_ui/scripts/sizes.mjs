// Fails the build when what a browser loads first is larger than its limit. Sizes are gzipped bytes of script.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const built = resolve(import.meta.dirname, "../../hub/static");
const kB = 1000;

/** Gzipped size of a built file in bytes. */
function weight(path) {
  return gzipSync(readFileSync(path), { level: 9 }).length;
}

/** The files a Vite entry needs before it can show anything: itself and what it imports statically, and a language. */
function firstLoad(folder, { plus = [] } = {}) {
  const manifest = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8"));
  const files = new Set();
  const follow = (key) => {
    const chunk = manifest[key];
    if (!chunk || files.has(chunk.file)) return;
    files.add(chunk.file);
    (chunk.imports ?? []).forEach(follow);
  };
  Object.keys(manifest).filter((key) => manifest[key].isEntry || plus.some((p) => key.endsWith(p))).forEach(follow);
  return [...files].filter((file) => file.endsWith(".js")).map((file) => join(folder, file));
}

/** The file of a part that is loaded when somebody needs it, without what is loaded before. */
function later(folder, name) {
  const manifest = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8"));
  return Object.keys(manifest).filter((key) => key.endsWith(name)).map((key) => join(folder, manifest[key].file));
}

/** Every limit of the build: what it is called, the files it counts, and the most it may weigh. */
const limits = [
  {
    title: "console, first load",
    folder: join(built, "console"),
    files: () => firstLoad(join(built, "console"), { plus: ["words/en.ts"] }),
    most: 170 * kB,
  },
  {
    title: "widget, loader",
    folder: join(built, "widget"),
    files: () => [join(built, "widget/loader.js")],
    most: 1.5 * kB,
  },
  {
    title: "widget, chat",
    folder: join(built, "widget"),
    files: () => firstLoad(join(built, "widget")),
    most: 20 * kB,
  },
  {
    title: "widget, calls",
    folder: join(built, "widget"),
    files: () => later(join(built, "widget"), "call/part.ts"),
    most: 10 * kB,
  },
];

let failed = false;
for (const { title, folder, files, most } of limits) {
  if (!existsSync(folder)) continue;
  const sum = files().reduce((total, file) => total + weight(file), 0);
  const ok = sum <= most;
  failed ||= !ok;
  console.log(`${ok ? "  " : "! "}${title}: ${(sum / kB).toFixed(1)} of ${(most / kB).toFixed(1)} kB gz`);
}
if (failed) {
  console.error("The build is larger than its limit.");
  process.exit(1);
}
