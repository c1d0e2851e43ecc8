import { type MakePort, SilentPort } from "./port";

/** Makes what carries the sound in this tab. Loaded when the first call is to be carried. */
export const makePort: MakePort = ({ tab }) => new SilentPort(tab);
