import { describe, expect, it } from "vitest";
import { Http, Refused, Unreachable } from "./http";

/** A hub that answers what it is told to and remembers what it was asked. */
class Hub {
  asked: { url: string; init: RequestInit }[] = [];
  constructor(readonly answer: () => Response) {}
  fetch = async (url: string, init: RequestInit): Promise<Response> => {
    this.asked.push({ url, init });
    return this.answer();
  };
}

describe("asking the hub", () => {
  it("shows that a page of ours asks, and gives every act a key", async () => {
    const hub = new Hub(() => Response.json({}));
    const http = new Http(hub.fetch);
    await http.post("/conversations/1/close");
    await http.post("/conversations/1/close");
    const headers = hub.asked.map(({ init }) => init.headers as Record<string, string>);
    expect(headers[0]?.["X-Hub-Request"]).toBe("1");
    expect(headers[0]?.["Idempotency-Key"]).not.toBe(headers[1]?.["Idempotency-Key"]);
  });

  it("turns times into milliseconds and leaves words alone", async () => {
    const http = new Http(new Hub(() => Response.json({ at: "2026-01-05T09:00:00.250Z", text: "2026-01-05T09:00:00Z", waiting_since: null })).fetch);
    expect(await http.get("/x")).toEqual({ at: Date.UTC(2026, 0, 5, 9, 0, 0, 250), text: "2026-01-05T09:00:00Z", waiting_since: null });
  });

  it("leaves out what is not asked for", async () => {
    const hub = new Hub(() => Response.json({}));
    await new Http(hub.fetch).get("/x", { query: { a: 1, b: null, c: undefined, d: "" } });
    expect(hub.asked[0]?.url).toBe("/api/v1/x?a=1");
  });

  it("says by code what was refused", async () => {
    const http = new Http(new Hub(() => Response.json({ code: "moved_on", detail: "…", newest_entry_id: 7 }, { status: 409 })).fetch);
    const refused = await http.get("/x").catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refused);
    expect(refused).toMatchObject({ status: 409, code: "moved_on", facts: { newest_entry_id: 7 } });
  });

  it("understands a proxy that answers instead of the hub", async () => {
    const http = new Http(new Hub(() => new Response("<html>Bad gateway</html>", { status: 502 })).fetch);
    expect(await http.get("/x").catch((error: Refused) => error.code)).toBe("store_unavailable");
  });

  it("tells when nobody is signed in any more", async () => {
    const http = new Http(new Hub(() => Response.json({ code: "not_signed_in" }, { status: 401 })).fetch);
    let ended = 0;
    http.onsignedout = () => (ended += 1);
    await expect(http.get("/me")).rejects.toBeInstanceOf(Refused);
    expect(ended).toBe(1);
  });

  it("tells no answer from a refusal", async () => {
    const http = new Http(async () => {
      throw new TypeError("network");
    });
    await expect(http.get("/x")).rejects.toBeInstanceOf(Unreachable);
  });
});
