// Readers that stop: a room in which some members never read while the others talk, beside the same room on a second
// server without them. Rounds go to both servers in turn, so that whatever else the machine does strikes both alike.
// A round is one burst of messages and is over when every talker has all of them; each delivery has a latency.

import { Hall, type HallShape, percentile, ROOM } from './hall.ts';
import { RawClient } from './raw-client.ts';
import { ServerProcess } from './server.ts';

export interface StallShape extends HallShape {
  readonly stalled: number;
  readonly rounds: number;
  readonly flags: readonly string[];
}

export interface StallFigures {
  /** Latency of a delivery in ms, without stalled readers and with them. */
  readonly p99AloneMs: number;
  readonly p99Ms: number;
  /** Bytes of resident memory that the talk added to each of the servers. */
  readonly grewAlone: number;
  readonly grew: number;
  /** Readers who, woken, were told what they lack and then got everything from the floor on, every frame whole. */
  readonly recovered: number;
  /** What was wrong with the others. */
  readonly faults: readonly string[];
}

// Who leaves with something unread is lost, not closed.
const PRESENCE = /^<(?:JOINROOM,hall,s\d+![^,<>]+|QUIT,t\d+![^,<>]+,Connection (?:closed|lost)|RPL_MEMBERS,hall,\d+)>$/;
const WOKEN_AT_ONCE = 50;
/** Rounds that warm up and fill what the kernel holds for the stalled. */
const WARMING = 0.25;

/** Measures; the servers end with it. Frames are counted, so nobody else may be in the rooms. */
export async function measureStall(shape: StallShape): Promise<StallFigures> {
  await using alone = await ServerProcess.start('--flood', 'off', '--log-level', 'error', ...shape.flags);
  await using server = await ServerProcess.start('--flood', 'off', '--log-level', 'error', ...shape.flags);
  const hallAlone = await Hall.gather(alone.port, shape);
  const hall = await Hall.gather(server.port, shape);
  const stalled = await stallReaders(server.port, ROOM, shape.stalled);
  await hallAlone.settle();
  await hall.settle();
  const before = [await alone.rss(), await server.rss()] as const;
  const warming = Math.ceil(shape.rounds * WARMING);
  for (let i = 0; i < shape.rounds; i++) {
    if (i === warming) for (const each of [hallAlone, hall]) each.latencies.length = 0;
    await hallAlone.round();
    await hall.round();
  }
  const grewAlone = (await alone.rss()) - before[0];
  const grew = (await server.rss()) - before[1];
  hallAlone.leave();
  hall.leave();
  const faults = await wake(stalled, shape);
  return {
    p99AloneMs: percentile(hallAlone.latencies, 0.99),
    p99Ms: percentile(hall.latencies, 0.99),
    grewAlone,
    grew,
    recovered: stalled.length - faults.length,
    faults,
  };
}

/** Members of a room who stop reading at once, by sockets that hold little. */
export async function stallReaders(port: number, room: string, count: number): Promise<RawClient[]> {
  const stalled: RawClient[] = [];
  for (let i = 0; i < count; i++) {
    const client = await RawClient.connectNarrow(port);
    client.send(`<NICK,s${i}><USER,s,0,*,s><JOINROOM,${room}>`);
    await client.until(`<RPL_WELCOME,${room}`);
    client.pause();
    stalled.push(client);
  }
  return stalled;
}

/** Lets everybody read again; returns a line for each who did not get what the protocol promises. */
async function wake(stalled: readonly RawClient[], shape: StallShape): Promise<string[]> {
  const faults: string[] = [];
  for (let i = 0; i < stalled.length; i += WOKEN_AT_ONCE) {
    const some = stalled.slice(i, i + WOKEN_AT_ONCE);
    for (const client of some) {
      client.resume();
      client.send('<PING,awake>');
    }
    for (const client of some) {
      const fault = await client.upTo('<PONG,awake>').then((lines) => judge(lines, shape), String);
      if (fault !== undefined) faults.push(fault);
    }
  }
  for (const client of stalled) client.reset();
  return faults;
}

/** Why these lines are not what an overtaken reader is to get; undefined when they are. */
function judge(lines: readonly string[], shape: StallShape): string | undefined {
  const message = new RegExp(`^<CMSG,${ROOM},[^,]+,(\\d+),t\\d+,\\d+,x{${shape.bytes}}>$`);
  const lagged = new RegExp(`^<RPL_LAGGED,${ROOM},[^,]+,(\\d+),(\\d+)>$`);
  const last = shape.rounds * shape.burst;
  let next = 1;
  let told = 0;
  for (const line of lines) {
    const seq = message.exec(line)?.[1];
    const [, from, to] = lagged.exec(line) ?? [];
    if (seq !== undefined) {
      if (Number(seq) !== next) return `${seq} came where ${next} was to come`;
      next++;
    } else if (from !== undefined && to !== undefined) {
      if (Number(from) !== next || Number(to) < next) return `told of ${from} to ${to} at ${next}`;
      next = Number(to) + 1;
      told++;
    } else if (!PRESENCE.test(line) && line !== '<PONG,awake>') return `no frame: ${line}`;
  }
  if (next !== last + 1) return `ended at ${next} of ${last}`;
  return told > 0 ? undefined : 'was never overtaken';
}
