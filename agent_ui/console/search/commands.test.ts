import { mount, unmount } from "svelte";
import { describe, expect, it, vi } from "vitest";
import { lineOf } from "../desk/line";
import { Http } from "../api/http";
import type { Me } from "../api/session";
import { StandIn } from "../dev/standin";
import { keys } from "../keys.svelte";
import Console from "../shell/Console.svelte";
import { speak } from "../words/words.svelte";

describe("the commands of the whole console", () => {
  it("say nothing twice", async () => {
    await speak("en");
    const hub = new StandIn("ordinary", "administrator");
    const http = new Http(hub.fetch);
    const { me } = await http.get<{ me: Me }>("/session");
    location.hash = `#/mine/${[...hub.world.conversations.keys()][0]}`;
    const shown = mount(Console, { target: document.body, props: { me, ways: { http, upload: hub.upload, line: lineOf(http, hub) }, onleave: () => undefined } });
    const ids = () => keys.possible().map((command) => command.id);
    await vi.waitFor(() => expect(ids()).toEqual(expect.arrayContaining(["next", "reply", "close", "why", "go.mine", "go.queue.1"])));
    const labels = keys.possible().map((command) => command.label());
    expect(labels.filter((label, index) => labels.indexOf(label) !== index)).toEqual([]);
    await unmount(shown);
    expect(keys.commands).toEqual([]);
  });
});
