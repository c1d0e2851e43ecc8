import { type Http, Unreachable, Refused } from "../api/http";
import { session } from "../api/session";
import { LiveSocket, type SocketOptions, type Surroundings } from "../../shared/socket";

export type { SocketState as LineState } from "../../shared/socket";
export type Line = LiveSocket;
/** Makes the line to the hub; what it hears goes to the desk. */
export type MakeLine = (hears: Pick<SocketOptions, "onFrame" | "onState">) => Line;

/** The line to the hub this page came from. */
export function lineOf(http: Http, surroundings?: Surroundings): MakeLine {
  return (hears) =>
    new LiveSocket({
      url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`,
      ticket: async () => {
        try {
          return await session.socketTicket(http);
        } catch (error) {
          if (error instanceof Refused && error.status === 401) return null;
          throw new Unreachable();
        }
      },
      ...hears,
      ...(surroundings ? { surroundings } : {}),
    });
}
