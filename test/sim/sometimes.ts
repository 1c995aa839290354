// What should happen sometimes: rare events, counted over all seeds. A simulator in which one of them never happens
// does not test it.

import type { Record } from './record.ts';

export class Sometimes {
  readonly counts = new Map<string, number>();

  count(event: string, times = 1): void {
    if (times > 0) this.counts.set(event, (this.counts.get(event) ?? 0) + times);
  }

  add(other: Sometimes): void {
    for (const [event, times] of other.counts) this.count(event, times);
  }

  /** Those of EXPECTED that never happened. */
  get missing(): string[] {
    return EXPECTED.filter((event) => !this.counts.has(event));
  }

  /** One line an event, what never happened at the end. */
  lines(): string[] {
    const happened = [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = happened.map(([event, times]) => `${String(times).padStart(9)}  ${event}`);
    return [...lines, ...this.missing.map((event) => `    never  ${event}`)];
  }
}

/** Every one of these has to happen in a hundred seeds. */
export const EXPECTED: readonly string[] = [
  'lagged',
  'presence lagged',
  'skip',
  'reservation ended by its holder',
  'reservation filled',
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
  'closed: Resumed by a new connection',
  'closed: Ping timeout',
  'closed: Killed',
  'closed: A frame was too long',
  'server: connection.abandoned (Write timeout)',
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
  const epochs = new Map<string, string>();
  for (const { utterances } of record.dialogues) {
    const sent = new Set<string>();
    for (const { said, verb, args } of utterances) {
      if (said) continue;
      const [first = '', second = '', third = ''] = args;
      if (verb.startsWith('ERR_')) sometimes.count(`error: ${verb}`);
      switch (verb) {
        case 'RPL_LAGGED':
          sometimes.count('lagged');
          break;
        case 'RPL_MEMBERS':
          sometimes.count(record.facts.presence > 100 ? 'presence lagged' : 'members counted');
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
        case 'ERROR':
          sometimes.count(`closed: ${first.split(/[;:]| by n\d/)[0]}`);
          break;
      }
      if (verb === 'NEWSEQUENCE') countReservation(record, args, sometimes);
      void second;
    }
  }
}

function countReservation(record: Record, [room = '', epoch = '', seq = '']: readonly string[], to: Sometimes): void {
  for (const { utterances } of record.dialogues) {
    for (const { said, verb, args } of utterances) {
      if (said || args[2] !== seq || args[1] !== epoch || args[0] !== room) continue;
      if (verb === 'CMSG') return to.count('reservation filled');
      if (verb === 'SKIPSEQUENCE') return to.count('reservation skipped');
    }
  }
}
