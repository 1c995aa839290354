// CLIENT: what a client core tells its user. A room's slots in order, each once, each passed over by name; the content
// that everybody heard; each request settled once; and a message said to be accepted is where that says.

import { foldRoom } from '../frames.ts';
import type { CoreEvent, Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import { type Checker, keyOf, slotsOf } from './checker.ts';
import { isAfter } from './reading.ts';

export const cores: Checker = {
  name: 'client cores',
  check(record) {
    const clients = new Set(record.coreEvents.map(({ client }) => client));
    return [...clients].flatMap((client) => {
      const events = record.coreEvents.filter((one) => one.client === client);
      return [...rooms(record, events), ...requests(record, client, events)];
    });
  },
};

interface Place {
  readonly epoch: string;
  readonly seq: number;
}

interface Branch {
  readonly epoch: string;
  readonly from: number;
  readonly last: number;
}

const known = new WeakMap<Record, readonly Branch[]>();

/** The slots beside the line of a room, by the EPOCH frames that anybody heard. */
function branchesOf(record: Record): readonly Branch[] {
  const before = known.get(record);
  if (before !== undefined) return before;
  const branches: Branch[] = [];
  for (const { utterances } of record.dialogues) {
    for (const { said, verb, args } of utterances) {
      if (said || verb !== 'EPOCH') continue;
      for (let i = 5; i + 2 < args.length; i += 3) {
        branches.push({ epoch: args[i] ?? '', from: Number(args[i + 1]), last: Number(args[i + 2]) });
      }
    }
  }
  known.set(record, branches);
  return branches;
}

function isIn(branch: Branch, epoch: string, seq: number): boolean {
  return branch.epoch === epoch && branch.from <= seq && seq <= branch.last;
}

function rooms(record: Record, events: readonly CoreEvent[]): Violation[] {
  const found: Violation[] = [];
  const slots = slotsOf(record);
  const branches = branchesOf(record);
  const next = new Map<string, { epoch: string; seq: number }>();
  const seen = new Map<string, Map<string, Place>>();
  for (const { client, at, event } of events) {
    const fail = (what: string): void => {
      found.push({ invariant: 'CLIENT', at, what: `core ${client}: ${what}` });
    };
    const { kind } = event;
    const room = foldRoom(String(event.room ?? ''));
    if (kind === 'entered' && event.again !== true) {
      next.delete(room);
      seen.delete(room);
    }
    if (kind !== 'message' && kind !== 'skipped' && kind !== 'lost') continue;
    const epoch = String(event.epoch);
    const from = Number(kind === 'message' ? event.seq : event.from);
    const place = next.get(room);
    if (place !== undefined && place.epoch === epoch && place.seq !== from) {
      fail(`${kind} ${from} of ${room} ${epoch} after ${place.seq - 1}`);
    }
    const to = kind === 'message' ? from : event.to;
    if (to === undefined) {
      const then = event.resumeAt as { epoch: string; next: number } | undefined;
      if (then === undefined) next.delete(room);
      else {
        next.set(room, { epoch: then.epoch, seq: then.next });
        beginAnew(seen.get(room), then);
      }
      continue;
    }
    next.set(room, { epoch, seq: Number(to) + 1 });
    const slot = slots.get(keyOf(record.roomOfEpoch(room, epoch), epoch, from));
    // A slot that ended with its epoch on this side of a split may have been filled on the other: then it is a branch,
    // or will be one when both sides see each other again, of which this core perhaps hears no more.
    if (kind === 'skipped' && slot?.message !== undefined && !branches.some((one) => isIn(one, epoch, from))) {
      const isFilledLater = slot.first.utterance.at > at && endsAt(events, room, epoch, at);
      if (!isFilledLater) fail(`passed over ${from} of ${room}, which holds a message`);
    }
    if (kind !== 'message') continue;
    if (slot?.message?.text !== event.text) fail(`was told another text for ${from} of ${room}`);
    const texts = seen.get(room) ?? new Map<string, Place>();
    const forgets = record.facts.idWindowMs !== Number.POSITIVE_INFINITY;
    if (!forgets && texts.has(`${epoch} ${event.text}`)) fail(`${event.text} came twice in ${room}`);
    seen.set(room, texts.set(`${epoch} ${event.text}`, { epoch, seq: from }));
  }
  return found;
}

/** Whether a core was told at `at` that an epoch of a room has ended. */
function endsAt(events: readonly CoreEvent[], room: string, epoch: string, at: number): boolean {
  return events.some((one) => {
    const { kind, oldEpoch } = one.event;
    return one.at === at && kind === 'epoch' && oldEpoch === epoch && foldRoom(String(one.event.room ?? '')) === room;
  });
}

/**
 * A server that cannot go on from a reader's place (`recovered` is 0) says where it starts afresh, and that may be in a
 * lower epoch: the other side of a split, which does not know the epoch that was read. Everything from there on comes
 * in order, and with it, when the split heals, what was read on the first side; what is before that place never does.
 */
function beginAnew(
  texts: Map<string, Place> | undefined,
  from: { readonly epoch: string; readonly next: number },
): void {
  for (const [text, { epoch, seq }] of texts ?? []) {
    if (isAfter(epoch, from.epoch) || (epoch === from.epoch && seq >= from.next)) texts?.delete(text);
  }
}

function requests(record: Record, client: number, events: readonly CoreEvent[]): Violation[] {
  const found: Violation[] = [];
  const slots = slotsOf(record);
  const sends = new Map(record.coreSends.filter((one) => one.client === client).map((one) => [one.request, one]));
  const settled = new Set<number>();
  for (const { at, event } of events) {
    if (event.kind !== 'done' && event.kind !== 'failed') continue;
    const request = Number(event.request);
    const fail = (what: string): void => {
      found.push({ invariant: 'CLIENT', at, what: `core ${client}: request ${request} ${what}` });
    };
    if (settled.has(request)) fail('was settled twice');
    settled.add(request);
    const send = sends.get(request);
    if (send === undefined || event.kind !== 'done') continue;
    const [room = '', epoch = '', seq = ''] = (event.lines as readonly (readonly string[])[])[0] ?? [];
    const slot = slots.get(keyOf(record.roomOfEpoch(room, epoch), epoch, Number(seq)));
    // Nobody may have heard it if its room ended.
    if (slot !== undefined && slot.message?.text !== send.text) {
      fail(`(${send.text}) was accepted at ${room} ${seq}, where ${slot.message?.text ?? 'nothing'} stands`);
    }
  }
  for (const { request } of record.coreAsked.filter((one) => one.client === client)) {
    if (!settled.has(request)) {
      const what = `core ${client}: ${sends.get(request)?.text ?? `request ${request}`} was never settled`;
      found.push({ invariant: 'CLIENT', at: record.facts.calmAt, what });
    }
  }
  return found;
}
