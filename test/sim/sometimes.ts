// What should happen sometimes: rare events, counted over all seeds. A simulator in which one of them never happens
// does not test it.

import { keyOf, slotsOf } from './checkers/checker.ts';
import type { Dialogue, Record } from './record.ts';
import { countServers } from './sometimes-servers.ts';

export class Sometimes {
  readonly counts = new Map<string, number>();

  count(event: string, times = 1): void {
    if (times > 0) this.counts.set(event, (this.counts.get(event) ?? 0) + times);
  }

  add(other: Sometimes): void {
    for (const [event, times] of other.counts) this.count(event, times);
  }

  /** Those of EXPECTED that happened less than `least` times. */
  below(least: number): string[] {
    return EXPECTED.filter((event) => (this.counts.get(event) ?? 0) < least);
  }

  /** One line an event, what never happened at the end. */
  lines(): string[] {
    const happened = [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = happened.map(([event, times]) => `${String(times).padStart(9)}  ${event}`);
    return [...lines, ...this.below(1).map((event) => `    never  ${event}`)];
  }
}

/** Every one of these has to happen ten times in two hundred seeds. */
export const EXPECTED: readonly string[] = [
  'lagged',
  'skip',
  'reservation ended by its holder',
  'reservation filled',
  'reservation expired',
  'id answered again',
  'id of another text',
  'recovered 1',
  'recovered 0',
  'pending slot',
  'history evicted',
  'room made anew',
  'members counted',
  'closed: Excess flooding',
  'closed: Registration timed out',
  'ghost ended by RESUME',
  'closed: Ping timeout',
  'closed: Killed',
  'closed: A frame was too long',
  'server: connection.abandoned (Write timeout)',
  'server: connection.abandoned (Output limit exceeded)',
  'closed: The nickname belongs to somebody else',
  'closed: the operator stops it',
  'server: link.down (ghost)',
  'snapshot instead of facts',
  'split hidden from clients',
  'merge of two branches',
  'hand-over',
  'fail-over with an open reservation',
  'stale home fenced',
  'sent again after an unknown outcome',
  'log: committed late',
  'log: refused at once',
  'log: refused late',
  'error: ERR_ROOMUNAVAILABLE',
  'error: ERR_SEQUENCEEXPIRED',
  'error: ERR_NICKINUSE',
  'error: ERR_BADTOKEN',
  'error: ERR_BADFRAME',
  'error: ERR_FLOODING',
  'error: ERR_SERVERFULL',
];

/** Counts what the record shows. */
export function countRecord(record: Record, sometimes: Sometimes): void {
  countServers(record, sometimes);
  countCores(record, sometimes);
  const epochs = new Map<string, string>();
  for (const dialogue of record.dialogues) {
    const { utterances } = dialogue;
    const sent = new Set<string>();
    for (const { said, verb, args, at } of utterances) {
      if (said) continue;
      const [first = '', , third = ''] = args;
      if (verb.startsWith('ERR_')) sometimes.count(`error: ${verb}`);
      switch (verb) {
        case 'RPL_LAGGED':
          sometimes.count('lagged');
          break;
        case 'RPL_MEMBERS':
          sometimes.count('members counted');
          break;
        case 'SKIPSEQUENCE':
          sometimes.count('skip');
          break;
        case 'RPL_PENDING':
          sometimes.count('pending slot');
          break;
        case 'RPL_SENT':
          if (sent.has(args[3] ?? '')) sometimes.count('id answered again');
          sent.add(args[3] ?? '');
          break;
        case 'ERR_BADARGUMENT':
          if (third.startsWith('This id was used')) sometimes.count('id of another text');
          break;
        case 'ERR_SEQUENCEGONE':
          if (first === 'HISTORY') sometimes.count('history evicted');
          break;
        case 'RPL_WELCOME':
          if (first === '*') break;
          if (args[6] !== '') sometimes.count(`recovered ${args[6]}`);
          if ((epochs.get(first) ?? args[3]) !== args[3]) sometimes.count('room made anew');
          epochs.set(first, args[3] ?? '');
          break;
        case 'QUIT':
          if ((args[1] ?? '').startsWith('Resumed')) sometimes.count('ghost ended by RESUME');
          break;
        case 'ERROR':
          sometimes.count(`closed: ${first.split(/[;:]| by \w/)[0]}`);
          break;
      }
      if (verb === 'NEWSEQUENCE') countReservation(record, dialogue, args, at, sometimes);
    }
  }
}

/** What became of the connections of client cores: how many were lost, under how many a server went, how many led elsewhere. */
function countCores({ coreEvents, dialogues, lives }: Record, sometimes: Sometimes): void {
  const servers = new Map<number, unknown>();
  for (const { client, event } of coreEvents) {
    if (event.kind === 'offline' && event.wasOnline === true) sometimes.count('core: connection lost');
    if (event.kind !== 'online') continue;
    const before = servers.get(client);
    if (before !== undefined && before !== event.server) sometimes.count('core: moved to another server');
    servers.set(client, event.server);
  }
  const cores = new Set(coreEvents.map(({ client }) => client));
  for (const { client, server, openedAt, ended, endedAt } of dialogues) {
    const until = ended === undefined ? Number.POSITIVE_INFINITY : endedAt;
    const under = (life: (typeof lives)[number]): boolean =>
      life.server === server && life.until >= openedAt && life.until <= until;
    if (cores.has(client) && lives.some(under)) sometimes.count('core: server gone under it');
  }
}

function countReservation(
  record: Record,
  dialogue: Dialogue,
  args: readonly string[],
  at: number,
  to: Sometimes,
): void {
  const [room = '', epoch = '', seq = '', ttl = ''] = args;
  const slot = slotsOf(record).get(keyOf(dialogue.room(room), epoch, Number(seq)));
  if (slot === undefined) return;
  if (slot.message !== undefined) return to.count('reservation filled');
  // Before its time can have been over it was its holder who left it.
  to.count(slot.first.utterance.at < at + Number(ttl) / 2 ? 'reservation ended by its holder' : 'reservation expired');
}
