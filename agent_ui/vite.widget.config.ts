import { resolve } from "node:path";
import { defineConfig } from "vite";

const here = import.meta.dirname;
const outDir = resolve(here, "../hub/static/widget");

// The widget, in two builds: `--mode loader` makes the one classic script of a host page, the other the chat in the frame.
export default defineConfig(({ mode }) =>
  mode === "loader"
    ? {
        root: resolve(here, "widget"),
        publicDir: false,
        build: {
          outDir,
          emptyOutDir: false,
          target: "es2022",
          lib: { entry: resolve(here, "widget/loader/loader.ts"), formats: ["iife"], name: "_", fileName: () => "loader.js" },
        },
      }
    : {
        root: resolve(here, "widget"),
        base: "/widget/",
        publicDir: false,
        build: {
          outDir,
          emptyOutDir: true,
          target: "es2022",
          manifest: true,
          assetsInlineLimit: 0,
          modulePreload: { polyfill: false },
          rolldownOptions: { input: resolve(here, "widget/chat.html") },
        },
      },
);
