/** What the hub says, under the names the hub gives it; generated from the Python side. */
export type * from "../shared/protocol.gen";
