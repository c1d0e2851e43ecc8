import { resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const here = import.meta.dirname;

// The console. `npm run dev` serves it beside a hub on HUB_PORT, and under /console/dev/ against a stand-in that keeps state.
export default defineConfig(({ mode }) => ({
  root: resolve(here, "console"),
  base: "/console/",
  plugins: [svelte({ configFile: resolve(here, "svelte.config.js") })],
  build: {
    outDir: resolve(here, "../hub/static/console"),
    emptyOutDir: true,
    target: "es2022",
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  resolve: mode === "test" ? { conditions: ["browser"] } : {},
  server: {
    fs: { allow: [here] },
    proxy: {
      "/api": `http://localhost:${process.env["HUB_PORT"] ?? "8080"}`,
      "/files": `http://localhost:${process.env["HUB_PORT"] ?? "8080"}`,
      "/live": { target: `ws://localhost:${process.env["HUB_PORT"] ?? "8080"}`, ws: true },
    },
  },
  test: {
    root: here,
    environment: "happy-dom",
    include: ["console/**/*.test.ts", "shared/**/*.test.ts", "widget/**/*.test.ts"],
  },
}));
