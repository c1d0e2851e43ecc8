import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FromServer, Snapshot } from './protocol.gen';
import { GOOD_MS, LiveSocket, SILENCE_MS, TYPING_MS } from './socket';
import type { SocketState } from './socket';
import { FakeHub, conversation } from './testing';

let hub: FakeHub;
let socket: LiveSocket;
let frames: FromServer[];
let states: SocketState[];

beforeEach(() => {
  vi.useFakeTimers();
  hub = new FakeHub();
  frames = [];
  states = [];
  socket = new LiveSocket({
    url: 'ws://hub/live',
    ticket: hub.ticket,
    onFrame: (frame: FromServer, _snapshot: Snapshot | null) => frames.push(frame),
    onState: (state) => states.push(state),
    surroundings: hub,
  });
});

afterEach(() => {
  socket.stop();
  vi.useRealTimers();
});

async function pass(milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= 100) {
    hub.time += Math.min(100, left);
    await vi.advanceTimersByTimeAsync(Math.min(100, left));
  }
}

async function startLive(): Promise<void> {
  socket.start();
  await pass(1);
  expect(socket.state).toBe('live');
}

function changed(version: number): void {
  hub.happen({
    type: 'ConversationChanged',
    conversation: conversation(7, { version, preview: `words ${version}` }),
    lost_agent_id: null,
    lost_queue_id: null,
  });
}

function positions(): number[] {
  return frames.flatMap((frame) => (frame.type === 'event' ? [frame.position] : []));
}

describe('a console that connects', () => {
  it('gets a snapshot and then every event', async () => {
    changed(1);
    await startLive();
    changed(2);
    expect(states).toEqual(['connecting', 'live']);
    expect(positions()).toEqual([2]);
    expect(socket.snapshot).toEqual(hub.state);
  });

  it('asks for a new ticket each time and never puts it into the address', async () => {
    await startLive();
    hub.opened[0]?.end(1006);
    await pass(1000);
    const tickets = hub.opened.map((wire) => (wire.said[0]?.type === 'hello' ? wire.said[0].ticket : ''));
    expect(tickets).toEqual(['ticket 1', 'ticket 2']);
  });

  it('knows how far the server clock is from its own', async () => {
    await startLive();
    expect(socket.clockAhead).toBe(0);
  });
});

describe('a console that loses the server', () => {
  it('goes on where it was, with every event once and in order', async () => {
    await startLive();
    changed(1);
    hub.opened[0]?.end(1006);
    changed(2);
    changed(3);
    expect(socket.state).toBe('waiting');
    await pass(1000);
    changed(4);
    expect(positions()).toEqual([1, 2, 3, 4]);
    expect(frames.filter((frame) => frame.type === 'snapshot')).toHaveLength(1);
    expect(socket.snapshot).toEqual({ ...hub.state, me: { ...hub.state.me, present: true }, agents: socket.snapshot?.agents });
  });

  it('tells no event twice when the server repeats itself', async () => {
    await startLive();
    changed(1);
    const again = frames.at(-1) as FromServer;
    hub.opened[0]?.tell(again);
    expect(positions()).toEqual([1]);
  });

  it('starts afresh when the server was restored from a backup', async () => {
    await startLive();
    changed(1);
    hub.epoch = 'second';
    hub.opened[0]?.end(1012);
    await pass(1000);
    expect(frames.filter((frame) => frame.type === 'snapshot')).toHaveLength(2);
    expect(socket.snapshot).toEqual(hub.state);
  });

  it('ignores what an old connection still says', async () => {
    await startLive();
    const old = hub.opened[0];
    hub.opened[0]?.end(1006);
    await pass(1000);
    const before = frames.length;
    old?.onmessage?.({ data: JSON.stringify({ type: 'position', position: 99, at: 0 }) });
    old?.onclose?.({ code: 1006 });
    expect(frames).toHaveLength(before);
    expect(socket.state).toBe('live');
  });

  it('waits longer each time, and shortly again after a good connection', async () => {
    hub.isUnreachable = true;
    socket.start();
    await vi.advanceTimersByTimeAsync(0);
    await pass(33_000);
    const waits = hub.openedAt.slice(1).map((at, index) => at - (hub.openedAt[index] ?? 0));
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000]);
    hub.isUnreachable = false;
    await pass(15_000);
    expect(socket.state).toBe('live');
    await pass(GOOD_MS);
    hub.opened.at(-1)?.end(1006);
    await pass(600);
    expect(socket.state).toBe('live');
  });

  it('comes back when a server that restarts asked it to', async () => {
    await startLive();
    hub.opened[0]?.tell({ type: 'restarting', after_ms: 3000 });
    hub.opened[0]?.end(1012);
    await pass(2800);
    expect(socket.state).toBe('waiting');
    await pass(400);
    expect(socket.state).toBe('live');
  });

  it('tries again when no ticket can be had', async () => {
    hub.refuses = true;
    socket.start();
    await pass(10);
    expect(socket.state).toBe('waiting');
    hub.refuses = false;
    await pass(1000);
    expect(socket.state).toBe('live');
  });
});

describe('a laptop that slept', () => {
  it('finds a dead connection by the clock and catches up', async () => {
    await startLive();
    hub.isUnreachable = true;
    changed(1);
    hub.time += SILENCE_MS + 1;
    hub.isUnreachable = false;
    await pass(5_000);
    expect(hub.opened).toHaveLength(2);
    expect(positions()).toEqual([1]);
  });

  it('keeps a connection that has a heartbeat', async () => {
    await startLive();
    for (let beat = 0; beat < 6; beat += 1) {
      await pass(20_000);
      hub.opened[0]?.tell({ type: 'position', position: hub.state.position, at: hub.time });
    }
    expect(hub.opened).toHaveLength(1);
    expect(hub.opened[0]?.said.filter((frame) => frame.type === 'alive')).toHaveLength(6);
  });

  it('resumes behind the last heartbeat, not behind the last event', async () => {
    await startLive();
    hub.opened[0]?.tell({ type: 'position', position: 40, at: hub.time });
    hub.opened[0]?.end(1006);
    await pass(1000);
    expect(hub.opened[1]?.said[0]).toMatchObject({ resume: { position: 40, epoch: 'first', rights: 'agent' } });
  });
});

describe('a device without network', () => {
  it('says so, and connects at once when the network is back', async () => {
    hub.online = false;
    socket.start();
    await pass(10);
    expect(socket.state).toBe('offline');
    hub.online = true;
    hub.wake();
    await pass(1);
    expect(socket.state).toBe('live');
  });
});

describe('a session that is over', () => {
  it('stops asking until somebody signs in', async () => {
    await startLive();
    hub.isSignedIn = false;
    hub.opened[0]?.end(4401);
    await pass(60_000);
    expect(socket.state).toBe('signed_out');
    expect(hub.opened).toHaveLength(1);
    hub.isSignedIn = true;
    socket.start();
    await pass(1);
    expect(socket.state).toBe('live');
  });

  it('asks for a reload when the server speaks a newer protocol', async () => {
    await startLive();
    hub.opened[0]?.end(4409);
    await pass(60_000);
    expect(socket.state).toBe('outdated');
    expect(hub.opened).toHaveLength(1);
  });
});

describe('a conversation on the screen', () => {
  const opened = (id: number): FromServer => ({
    type: 'watched',
    position: 5,
    watched: { conversation: conversation(id), entries: [], contact: null },
  });

  it('is asked for, shown, and asked for again after a loss', async () => {
    await startLive();
    socket.watch(7);
    expect(hub.opened[0]?.said.at(-1)).toEqual({ type: 'watch', conversation_id: 7 });
    hub.opened[0]?.tell(opened(7));
    expect(socket.snapshot?.watched.map((w) => w.conversation.id)).toEqual([7]);
    hub.opened[0]?.end(1006);
    await pass(1000);
    expect(hub.opened[1]?.said[0]).toMatchObject({ watching: [7] });
  });

  it('is not replaced by one that was left meanwhile', async () => {
    await startLive();
    socket.watch(7);
    socket.watch(8);
    hub.opened[0]?.tell(opened(7));
    hub.opened[0]?.tell(opened(8));
    expect(socket.snapshot?.watched.map((w) => w.conversation.id)).toEqual([8]);
  });

  it('goes when the agent loses it', async () => {
    await startLive();
    socket.watch(7);
    hub.opened[0]?.tell(opened(7));
    hub.opened[0]?.tell({ type: 'gone', position: 6, conversation_id: 7 });
    expect(socket.snapshot?.watched).toEqual([]);
  });

  it('tells of typing now and then, and of its end', async () => {
    await startLive();
    socket.typing(7, true);
    socket.typing(7, true);
    await pass(TYPING_MS);
    socket.typing(7, true);
    socket.typing(7, false);
    socket.typing(7, false);
    const told = hub.opened[0]?.said.flatMap((frame) => (frame.type === 'typing' ? [frame.on] : []));
    expect(told).toEqual([true, true, false]);
  });
});
