// The panels of top: what each lists, in which columns, and what in them is worth a second look. A panel is plain cells
// and tones; how wide a column becomes, and what a tone looks like, is decided where it is drawn.

import type { Panel, Ui } from './keys.ts';
import type { View } from './model.ts';
import { bytes, clock, count, duration, type Glyphs, rate, trip, UNKNOWN } from './text.ts';

/** How something looks: as usual, of no account, fine, worth a look, wrong. */
export type Tone = 'usual' | 'quiet' | 'good' | 'warn' | 'bad' | 'strong';

export interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  /** It takes the room that is left. */
  readonly grows?: true;
  /** It is left out where there is no room, the last of them first. */
  readonly optional?: true;
}

export interface Row {
  readonly cells: readonly string[];
  readonly tone: Tone;
}

export interface Table {
  readonly title: string;
  /** What there is to say instead of rows. */
  readonly nothing: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

const text = (title: string, width: number, more: Partial<Column> = {}): Column => ({
  ...{ title, width, align: 'left' },
  ...more,
});
const number = (title: string, width: number, more: Partial<Column> = {}): Column => ({
  ...{ title, width, align: 'right' },
  ...more,
});
const GROWS = { grows: true } as const;
const OPTIONAL = { optional: true } as const;

/** From here on a link, a way or a client deserves a look. */
const SILENT_MS = 15_000;
const SLOW_MS = 250;
const QUEUED_BYTES = 1024 * 1024;
const STALLED_MS = 10_000;
const BAR = 12;

/** What a panel shows of a view. */
export function tableOf(panel: Panel, view: View, ui: Ui, glyphs: Glyphs): Table {
  switch (panel) {
    case 'servers':
      return servers(view);
    case 'links':
      return links(view);
    case 'rooms':
      return rooms(view, ui, glyphs);
    case 'laggards':
      return laggards(view);
    case 'events':
      return events(view);
  }
}

function servers({ servers: all }: View): Table {
  const rows = all.map(({ name, id, hopcount, via, users, info, load, goneMs }): Row => {
    const isSelf = via === '' && hopcount === 0;
    const way =
      goneMs !== undefined ? `lost ${duration(goneMs)} ago` : isSelf ? 'this one' : wayTo(hopcount, via, name);
    const figures = [count(users), count(load?.rooms), rate(load?.inRate), rate(load?.outRate)];
    const cells = [name, way, ...(goneMs === undefined ? figures : figures.map(() => UNKNOWN)), String(id), info];
    return { cells, tone: goneMs !== undefined ? 'bad' : isSelf ? 'strong' : 'usual' };
  });
  const columns = [
    text('SERVER', 16),
    text('REACHED', 22),
    number('CLIENTS', 9),
    number('ROOMS', 8),
    number('IN/S', 8),
    number('OUT/S', 9),
    number('ID', 11, OPTIONAL),
    text('INFO', 4, { ...GROWS, ...OPTIONAL }),
  ];
  const there = all.filter(({ goneMs }) => goneMs === undefined).length;
  return { title: `Servers ${count(there)}`, nothing: 'none', columns, rows };
}

function wayTo(hopcount: number, via: string, name: string): string {
  if (hopcount === 0 || via === name) return 'linked';
  return `${hopcount + 1} links, over ${via}`;
}

function links({ links: all }: View): Table {
  const rows = all.map((link): Row => {
    const { server, address, roundTripMs, silentMs, waitingBytes, writtenRate, receivedRate } = link;
    const isBad = silentMs >= SILENT_MS || waitingBytes >= QUEUED_BYTES;
    const traffic = [writtenRate, receivedRate].map((each) => (each === undefined ? UNKNOWN : `${bytes(each)}/s`));
    return {
      cells: [
        server,
        trip(roundTripMs),
        bytes(waitingBytes),
        ...traffic,
        duration(silentMs),
        address.replace(' ', ':'),
      ],
      tone: isBad ? 'bad' : (roundTripMs ?? 0) >= SLOW_MS ? 'warn' : 'usual',
    };
  });
  const columns = [
    text('LINK TO', 16),
    number('ROUND TRIP', 11),
    number('QUEUED', 10),
    number('TO IT', 13),
    number('FROM IT', 13),
    number('HEARD', 8),
    text('ADDRESS', 9, { ...GROWS, ...OPTIONAL }),
  ];
  return { title: `Links ${count(all.length)}`, nothing: 'none', columns, rows };
}

function rooms({ rooms: all, roomsInAll }: View, { sort }: Ui, glyphs: Glyphs): Table {
  const most = Math.max(...all.map((room) => room.rate), 0);
  const rows = all.map((room): Row => {
    const full = glyphs.bars.at(-1) ?? '#';
    const bar = most === 0 ? '' : full.repeat(Math.ceil((room.rate / most) * BAR));
    const { name, home, members, here, next, behind, epoch } = room;
    return {
      cells: [name, rate(room.rate), bar, count(members), count(here), count(behind), home, epoch, count(next)],
      tone: behind > 0 ? 'warn' : room.rate > 0 ? 'usual' : 'quiet',
    };
  });
  const columns = [
    text('ROOM', 16, GROWS),
    number('MSG/S', 8),
    text('', BAR, OPTIONAL),
    number('MEMBERS', 8),
    number('HERE', 7),
    number('BEHIND', 7),
    text('HOME', 12),
    text('EPOCH', 20, OPTIONAL),
    number('NEXT', 10, OPTIONAL),
  ];
  const how = { rate: 'the fastest in front', members: 'the largest in front', name: 'by name' }[sort];
  return { title: `Rooms ${count(roomsInAll)}, ${how}`, nothing: 'none', columns, rows };
}

function laggards({ laggards: all, laggardsInAll }: View): Table {
  const rows = all.map(({ nick, host, waitingBytes, behindBytes, stalledMs, lags }): Row => {
    const takes = stalledMs === 0 ? 'takes all' : `nothing for ${duration(stalledMs)}`;
    return {
      cells: [nick, takes, bytes(behindBytes), bytes(waitingBytes), count(lags), host],
      tone: stalledMs >= STALLED_MS ? 'bad' : stalledMs > 0 ? 'warn' : 'usual',
    };
  });
  const columns = [
    text('LAGGARD', 16),
    text('TAKES', 22),
    number('OF ROOMS', 11),
    number('QUEUED', 11),
    number('OVERTAKEN', 10),
    text('HOST', 6, { ...GROWS, ...OPTIONAL }),
  ];
  return { title: `Laggards ${count(laggardsInAll)}`, nothing: 'everybody takes what is given', columns, rows };
}

const LEVELS: Readonly<Record<string, Tone>> = { debug: 'quiet', warn: 'warn', error: 'bad' };

function events({ events: all }: View): Table {
  const rows = all.toReversed().map(({ at, level, event, fields }): Row => {
    const tone = LEVELS[level] ?? 'usual';
    return { cells: [clock(at), level, event, fields], tone };
  });
  const columns = [text('TIME', 8), text('LEVEL', 5), text('EVENT', 22), text('', 10, GROWS)];
  return { title: 'Events, the newest in front', nothing: 'none since this began to listen', columns, rows };
}
