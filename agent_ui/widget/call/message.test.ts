import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Message, type Handed, type Piece } from "./message";

/** A recorder that gives what a test lets it hear. */
class Recorder {
  static newest: Recorder;
  state: "recording" | "inactive" = "inactive";
  ondataavailable: (event: { data: Blob }) => void = () => undefined;
  onstop: () => void = () => undefined;
  constructor() {
    Recorder.newest = this;
  }
  start(): void {
    this.state = "recording";
  }
  hear(words: string): void {
    this.ondataavailable({ data: new Blob([words]) });
  }
  stop(): void {
    this.state = "inactive";
    this.ondataavailable({ data: new Blob() });
    this.onstop();
  }
}

/** A hub that takes pieces, and can be away or refuse them. */
class Hub {
  readonly pieces: Piece[] = [];
  answer: Handed = "taken";
  /** Set: pieces are on their way until it is called. */
  arrive: (() => void) | null = null;
  isSlow = false;
  hand = async (piece: Piece): Promise<Handed> => {
    this.pieces.push(piece);
    if (this.isSlow) await new Promise<void>((resolve) => (this.arrive = resolve));
    return this.answer;
  };
  async words(): Promise<string[]> {
    return Promise.all(this.pieces.map(({ sound }) => sound.text()));
  }
}

let hub: Hub;
let full: ReturnType<typeof vi.fn<() => void>>;

function begin(most = 60_000): Message {
  return new Message({} as MediaStream, most, hub.hand, full);
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaRecorder", Recorder);
  hub = new Hub();
  full = vi.fn<() => void>();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function speak(words: string): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000);
  Recorder.newest.hear(words);
  await vi.advanceTimersByTimeAsync(0);
}

describe("a message", () => {
  it("is on its way while it is spoken, in order, and over when its last piece is there", async () => {
    const message = begin();
    await speak("one");
    await speak("two");
    expect(await message.stop()).toBe(true);
    expect(await hub.words()).toEqual(["one", "two", ""]);
    expect(hub.pieces.map(({ seq, duration, last }) => [seq, duration, last])).toEqual([[1, 1_000, false], [2, 2_000, false], [3, 2_000, true]]);
    expect(new Set(hub.pieces.map((piece) => piece.recording)).size).toBe(1);
    expect(hub.pieces[0]!.recording).toMatch(/^[0-9a-f]{8,64}$/);
  });

  it("in which nothing was said is none", async () => {
    const message = begin();
    await vi.advanceTimersByTimeAsync(400);
    Recorder.newest.hear("hm");
    expect(await message.stop()).toBe(false);
  });

  it("has an end", async () => {
    begin(3_000);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(full).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(full).toHaveBeenCalledOnce();
  });

  it("waits for a hub that is away", async () => {
    const message = begin();
    hub.answer = "unreached";
    await speak("one");
    await speak("two");
    const over = message.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    const tries = hub.pieces.length;
    expect(hub.pieces.every(({ seq }) => seq === 1)).toBe(true);
    hub.answer = "taken";
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await over).toBe(true);
    expect((await hub.words()).slice(tries)).toEqual(["one", "two", ""]);
  });

  it("that the hub does not want is recorded no further", async () => {
    const message = begin();
    hub.answer = "refused";
    await speak("one");
    expect(Recorder.newest.state).toBe("inactive");
    expect(await message.stop()).toBe(false);
    expect(hub.pieces.length).toBe(1);
  });
});

describe("a page that goes in the middle of a message", () => {
  it("sends what is left of it at once, and nothing after", async () => {
    const message = begin();
    hub.isSlow = true;
    await speak("one");
    await speak("two");
    await speak("three");
    expect(await hub.words()).toEqual(["one"]);
    message.leave();
    hub.arrive!();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await hub.words()).toEqual(["one", "twothree"]);
    expect(hub.pieces[1]).toMatchObject({ seq: 4, duration: 3_000, last: true });
    expect(await message.stop()).toBe(false);
  });

  it("says that it is over also when everything was sent", async () => {
    const message = begin();
    await speak("one");
    message.leave();
    message.leave();
    expect(hub.pieces.map(({ seq, last }) => [seq, last])).toEqual([[1, false], [2, true]]);
  });
});
