import { createContext } from "svelte";
import type { Desk } from "./desk.svelte";

/** The desk of the signed-in agent, for every component below the console. */
export const [getDesk, setDesk] = createContext<Desk>();
