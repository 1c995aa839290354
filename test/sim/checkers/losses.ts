// C4, while the storm lasts: nobody is seen of a server that has been out of reach for longer than a loss is held back,
// nor of a life that is over. Who is asked names none of its users, and whoever reads a room has heard that they are
// gone. What a server must know by when is said by severed.ts.

import type { Dialogue, Life, Record, Utterance } from '../record.ts';
import type { Violation } from '../violation.ts';
import { type Checker, violation } from './checker.ts';
import { sessionOf } from './network.ts';
import { lifeOf, type Severance, severancesOf } from './severed.ts';

/** Presence is announced one by one. */
const QUIET_ABOVE = 100;
/** From a server to a prompt reader. */
const READ_MS = 20;

export const losses: Checker = {
  name: 'losses',
  check(record) {
    const severances = severancesOf(record);
    if (severances.length === 0) return [];
    const isAnnounced = record.facts.presence > QUIET_ABOVE;
    const lives = isAnnounced ? livesOf(record) : new Map<string, Life>();
    return record.dialogues.flatMap((dialogue) => {
      const here = severances.filter(({ by }) => isWith(dialogue, by));
      if (here.length === 0) return [];
      return [...answers(record, dialogue, here), ...(isAnnounced ? readers(dialogue, here, lives) : [])];
    });
  },
};

/** Whether a connection leads to that life of its server: whose host went dark still seems to be there to its clients. */
function isWith({ server, openedAt }: Dialogue, { server: own, from, until }: Life): boolean {
  return server === own && from <= openedAt && openedAt < until;
}

/** Question and last frame of its answer, where that names people. */
const NAMING: { readonly [verb: string]: string } = { RPL_ENDOFULIST: 'ULIST', RPL_LOCATION: 'LOCATE' };

/** Whatever was asked and answered while all of that time somebody was lost does not name anybody of it. */
function answers(record: Record, dialogue: Dialogue, severances: readonly Severance[]): Violation[] {
  const found: Violation[] = [];
  const asked = new Map<string, Utterance[]>();
  let rows: Utterance[] = [];
  for (const utterance of dialogue.utterances) {
    const { said, verb, args, at } = utterance;
    if (said) {
      asked.set(verb, [...(asked.get(verb) ?? []), utterance]);
      continue;
    }
    if (verb === 'RPL_ULIST' || verb === 'RPL_LOCATION') rows.push(utterance);
    const question =
      NAMING[verb] ?? (verb.startsWith('ERR_') || verb === 'RPL_WASLOCATION' ? questionOf(utterance) : '');
    if (question === '') continue;
    const since = asked.get(question)?.shift()?.at;
    for (const { args: row } of rows) {
      const uid = row[2] ?? '';
      const life = lifeOf(record, uid);
      const lost = severances.find(
        (one) => one.lost === life && since !== undefined && one.from < since && at < one.until,
      );
      if (lost === undefined) continue;
      const what = `${question} ${args[0]} names ${row[1]} ${uid}, lost to s${dialogue.server + 1} since ${lost.from}`;
      found.push(violation('C4', dialogue, at, what));
    }
    rows = [];
  }
  return found;
}

function questionOf({ verb, args }: Utterance): string {
  return verb === 'RPL_WASLOCATION' ? 'LOCATE' : args[0] === 'ULIST' || args[0] === 'LOCATE' ? args[0] : '';
}

/** Name of a scripted connection → the life of the server that its user is one of. */
function livesOf(record: Record): Map<string, Life> {
  const lives = new Map<string, Life>();
  for (const dialogue of record.dialogues) {
    const life = lifeOf(record, sessionOf(dialogue)?.uid ?? '');
    if (life !== undefined) lives.set(dialogue.name, life);
  }
  return lives;
}

/** Whoever heard everybody come and go, at once, sees nobody of a lost server in its rooms. */
function readers(dialogue: Dialogue, severances: readonly Severance[], lives: ReadonlyMap<string, Life>): Violation[] {
  if (!dialogue.prompt) return [];
  const found: Violation[] = [];
  const due = severances.filter(({ from, until }) => from + READ_MS < until).sort((a, b) => a.from - b.from);
  const seen = new Map<string, Set<string>>();
  const look = (before: number): void => {
    while (due[0] !== undefined && due[0].from + READ_MS < before) {
      const { from, lost } = due.shift() as Severance;
      for (const [room, users] of seen) {
        const left = [...users].filter((user) => lives.get(user) === lost);
        if (left.length === 0) continue;
        const what = `in ${room} it did not hear by ${from} that ${left.join(' ')} of s${lost.server + 1} went, which is lost`;
        found.push(violation('C4', dialogue, from + READ_MS, what));
      }
    }
  };
  for (const utterance of dialogue.utterances) {
    look(utterance.at);
    // Nothing more is told to who is ended.
    if (!utterance.said && utterance.verb === 'ERROR') return found;
    if (!utterance.said) see(dialogue, seen, utterance);
  }
  look(dialogue.ended === undefined ? Number.POSITIVE_INFINITY : dialogue.endedAt);
  return found;
}

/** Who is in which room as its reader knows: those it heard come, and not go since. */
function see(dialogue: Dialogue, seen: Map<string, Set<string>>, { verb, args }: Utterance): void {
  const [first = '', second = ''] = args;
  const room = dialogue.room(first);
  if (verb === 'JOINROOM') seen.set(room, (seen.get(room) ?? new Set()).add(userOf(second)));
  else if (verb === 'LEAVEROOM') {
    if (userOf(second) === dialogue.name) seen.delete(room);
    else seen.get(room)?.delete(userOf(second));
  } else if (verb === 'QUIT') for (const users of seen.values()) users.delete(userOf(first));
  else if (verb === 'RPL_LAGGED' || verb === 'RPL_MEMBERS') seen.clear();
}

/** The user name in `nick!user@host`, which names one connection of a scripted client. */
function userOf(ident: string): string {
  return ident.slice(ident.indexOf('!') + 1, ident.indexOf('@'));
}
