// Rooms that servers share, by the frames that one server sends to others.

import { expect, test } from 'bun:test';
import { type Epoch, epoch, type RoomKey, serverId, type Ticket } from '../../src/base/ids.ts';
import type { Chat } from '../../src/chat/chat.ts';
import { Stamps } from '../../src/fanout/ring.ts';
import { type Channel, Rooms, type RoomsConfig, type RoomsOut } from '../../src/node/rooms.ts';
import { SharedRooms } from '../../src/node/shared-rooms.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { encodeFrame } from '../../src/wire/writer.ts';

const SELF = serverId(1);
const BETA = serverId(2);
const GAMMA = serverId(3);
const HALL = 'hall' as RoomKey;
const NOW = 1_700_000_000_000;

/** The rooms of one server, and what it says to others. */
function shared(): { rooms: SharedRooms; said: () => string } {
  let text = '';
  const chat: Pick<Chat, 'roomKnown' | 'roomEnded'> = {
    roomKnown: (key, name) => ({ port: rooms.open(key, name) }) as unknown as ReturnType<Chat['roomKnown']>,
    roomEnded: (key) => {
      rooms.ended(key, '');
      return true;
    },
  };
  const config: RoomsConfig = {
    server: { id: SELF, incarnation: NOW },
    ring: { entries: 16, bytes: 4_096, ageMs: 1_000 },
    ringMemory: 1 << 20,
    order: { ttlMs: 1, reservations: 1, pendingEntries: 16, pendingBytes: 4_096, idWindowMs: 1, idWindow: 16 },
    ids: 16,
    penalties: { firstMs: 0, mostMs: 0, users: 16 },
  } as unknown as RoomsConfig;
  const around = { shared: { stamps: new Stamps() }, now: NOW } as unknown as RoomsOut;
  const rooms = new SharedRooms(
    { holdMs: 3_000, ack: 'replicated', memory: { slots: 16, bytes: 4_096 }, memoryBytes: 1 << 20 },
    {
      now: NOW,
      rooms: new Rooms(config, around),
      chat: () => chat as Chat,
      hash: (word) => word,
      ticket: () => 0 as Ticket,
      reachable: () => [BETA],
      levelChanged() {},
      send: (_, bytes, start, end) => {
        text += Buffer.from(bytes.subarray(start, end)).toString();
        return 'sent';
      },
      tell() {},
      later() {},
      wake() {},
      log() {},
    },
  );
  const said = (): string => {
    rooms.flush();
    return text;
  };
  return { rooms, said };
}

function frameOf(...args: Parameters<typeof encodeFrame>): Frame {
  const scanner = new Scanner(4_096);
  const frame = new Frame();
  scanner.feed(encodeFrame(...args));
  if (scanner.next(frame) !== FRAME) throw new Error('no frame');
  return frame;
}

// Whoever wants to go on with a room waits for everybody within reach.
test('a server that keeps nothing of a room says so at once to whoever seals it, whether it knows the room or not', () => {
  const known = shared();
  known.rooms.open(HALL, 'Hall');
  const unknown = shared();
  for (const { rooms, said } of [known, unknown]) {
    expect(rooms.arrived(BETA, frameOf('SEAL', 'Hall', 'mwse.2'))).toBe(true);
    expect(said()).toStartWith('<SEALED,Hall,mwse.2');
  }
});

test('a server that is subscribed to as a home that it was in another life says that it holds nothing', () => {
  const known = shared();
  known.rooms.open(HALL, 'Hall');
  const unknown = shared();
  for (const { rooms, said } of [known, unknown]) {
    expect(rooms.arrived(BETA, frameOf('SUBSCRIBE', 'Hall', 'mwse.1', 7))).toBe(true);
    expect(said()).toBe('<SEALED,Hall,,,0>\n');
  }
});

test('a claim of an epoch far ahead of every clock makes no room, and no other server its home', () => {
  const { rooms, said } = shared();
  const [early, far] = [epoch(NOW + 1, BETA), epoch(NOW + 25 * 3_600_000, BETA)];
  rooms.open(HALL, 'Hall');
  rooms.facts.apply(BETA, frameOf('ROOM', 'Hall', far, '', '', 0));
  expect(rooms.claim(HALL)).toBeUndefined();
  rooms.facts.apply(BETA, frameOf('ROOM', 'Hall', early, '', '', 0));
  expect(rooms.claim(HALL)?.epoch).toBe(early);
  rooms.facts.apply(BETA, frameOf('ROOM', 'Tower', far, '', '', 0));
  rooms.arrived(BETA, frameOf('OPENED', 'Tower', far, 1, '', 0, 0));
  expect(rooms.claim('tower' as RoomKey)).toBeUndefined();
  rooms.arrived(BETA, frameOf('SEAL', 'Tower', early));
  expect(said()).toEndWith(`<SEALED,Tower,${early},,0>\n`);
});

/** A room with a copy of an epoch of BETA, of which that has said that the room ended; GAMMA has an older one still. */
function endedWhileApart(isPeopled: boolean): ReturnType<typeof shared> & { channel: Channel; older: Epoch } {
  const { rooms, said } = shared();
  const [older, newer] = [epoch(NOW - 2_000, GAMMA), epoch(NOW - 1_000, BETA)];
  rooms.reached(BETA);
  const channel = rooms.open(HALL, 'Hall');
  rooms.facts.apply(GAMMA, frameOf('ROOM', 'Hall', older, '', '', 0));
  rooms.facts.apply(BETA, frameOf('ROOM', 'Hall', newer, '', '', 0));
  rooms.arrived(BETA, frameOf('OPENED', 'Hall', newer, 1, '', 0, 0));
  if (isPeopled) channel.peopled?.(GAMMA, true);
  rooms.facts.apply(BETA, frameOf('NOROOM', 'Hall', newer));
  rooms.settle();
  return { rooms, said, channel, older };
}

test('a room that ended is not clung to where another server has an older epoch of it still', () => {
  const { rooms, said, older } = endedWhileApart(false);
  expect(rooms.claim(HALL)?.epoch).toBe(older);
  rooms.arrived(GAMMA, frameOf('OPENED', 'Hall', older, 1, '', 0, 0));
  rooms.arrived(BETA, frameOf('SEAL', 'Hall', epoch(NOW, BETA)));
  expect(said()).toEndWith(`<SEALED,Hall,${epoch(NOW, BETA)},,1,${older},1,0,0>\n`);
});

test('a room that ended while somebody was on the way to it goes on here, though an older epoch of it is left', () => {
  const { said, channel } = endedWhileApart(true);
  channel.order.tick(NOW + 2_000);
  expect(said()).toContain('<SEAL,Hall,');
});
