import type { Component } from "svelte";
import type { Permission } from "../api/session";
import { ban, bell, bookOpen, circleCheckBig, hash, headset, keyRound, messageCircle, monitor, route, user, users } from "../parts/shapes";

export type PageId = "me" | "bell" | "sessions" | "tokens" | "live" | "canned" | "agents" | "queues" | "dispositions" | "pipelines" | "reasons" | "channels";

export interface PageOf {
  id: PageId;
  shape: string;
  group: "mine" | "watching" | "house";
  needs: Permission;
  load: () => Promise<{ default: Component }>;
}

/** The pages of the settings, each for those who may what it is about. */
export const PAGES: readonly PageOf[] = [
  { id: "me", shape: user, group: "mine", needs: "work", load: () => import("./Me.svelte") },
  { id: "bell", shape: bell, group: "mine", needs: "work", load: () => import("./Bell.svelte") },
  { id: "sessions", shape: monitor, group: "mine", needs: "work", load: () => import("./Sessions.svelte") },
  { id: "tokens", shape: keyRound, group: "mine", needs: "work", load: () => import("./Tokens.svelte") },
  { id: "live", shape: headset, group: "watching", needs: "watch_agents", load: () => import("./Live.svelte") },
  { id: "canned", shape: bookOpen, group: "house", needs: "edit_canned", load: () => import("./Canned.svelte") },
  { id: "agents", shape: users, group: "house", needs: "configure", load: () => import("./Agents.svelte") },
  { id: "queues", shape: hash, group: "house", needs: "configure", load: () => import("./Queues.svelte") },
  { id: "dispositions", shape: circleCheckBig, group: "house", needs: "configure", load: () => import("./Dispositions.svelte") },
  { id: "pipelines", shape: route, group: "house", needs: "configure", load: () => import("./Pipelines.svelte") },
  { id: "reasons", shape: ban, group: "house", needs: "configure", load: () => import("./Reasons.svelte") },
  { id: "channels", shape: messageCircle, group: "house", needs: "configure", load: () => import("./Channels.svelte") },
];
