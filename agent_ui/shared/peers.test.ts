import { expect, it } from "vitest";
import { configuration } from "./peers";

const STUN = { urls: ["stun:stun.example:3478"], username: "", credential: "" };
const TURN = { urls: ["turn:turn.example:3478"], username: "1:call-4", credential: "secret" };

it("hands a browser its servers, with a user where there is one", () => {
  expect(configuration([STUN, TURN])).toEqual({ iceServers: [{ urls: STUN.urls }, TURN], iceTransportPolicy: "all" });
});

it("sends sound by a relay and never straight where the line says so", () => {
  expect(configuration([TURN], true).iceTransportPolicy).toBe("relay");
});
