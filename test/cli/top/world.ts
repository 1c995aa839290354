// What top sees, made by hand: looks at a server of which figures and rows are given, at times that are given.

import { Scrape } from '../../../src/base/prometheus.ts';
import type { LinkRow, Look, RoomRow, ServerRow, Tables } from '../../../src/cli/top/source.ts';

export const STARTED = 1_700_000_000;

/** The text of /metrics of a server that started at `started` (Unix s). */
export function metrics(figures: Readonly<Record<string, number>>, started = STARTED): string {
  const lines = Object.entries({ chorus_ready: 1, process_start_time_seconds: started, ...figures });
  return [
    'chorus_info{server="alpha",id="7",version="0.1.0"} 1',
    ...lines.map(([name, value]) => `${name} ${value}`),
  ].join('\n');
}

export const server = (name: string, id: number, hopcount = 0, via = name): ServerRow => ({
  ...{ name, id, hopcount, via, users: 1, info: '', links: [] },
  load: { rooms: 1, inRate: 2, outRate: 3 },
});

export const link = (name: string, id: number, writtenBytes: number, incarnation = 1): LinkRow => ({
  ...{ server: name, id, address: '127.0.0.1 7401', incarnation, silentMs: 10, waitingBytes: 0 },
  ...{ writtenBytes, receivedBytes: writtenBytes * 2, roundTripMs: 0.5 },
});

export const room = (name: string, next: number, epoch = 'mwsk.7', rate = 0): RoomRow => ({
  ...{ name, members: 3, here: 2, epoch, next, rate, behind: 0 },
});

export function tables(given: Partial<Tables> = {}): Tables {
  const servers = given.servers ?? [server('alpha', 7, 0, '')];
  const { rooms = [], laggards = [] } = given;
  return { servers, links: [], rooms, roomsInAll: rooms.length, laggards, laggardsInAll: laggards.length, ...given };
}

export function look(at: number, figures: Readonly<Record<string, number>> = {}, more: Partial<Look> = {}): Look {
  return { at, scrape: new Scrape(metrics(figures)), sort: 'rate', tables: tables(), closed: '', ...more };
}
