// FRAME: what one connection gets is whole frames in canonical form, the welcome once and in its order, and nothing
// behind ERROR.

import type { Dialogue } from '../record.ts';
import type { Violation } from '../violation.ts';
import { type Checker, violation } from './checker.ts';

const WELCOME = ['RPL_WELCOME', 'RPL_YOURHOST', 'RPL_CREATED', 'RPL_MYINFO', 'RPL_SERVERS', 'RPL_LIMITS'];

export const framing: Checker = {
  name: 'frames',
  check(record) {
    return record.dialogues.flatMap(checkDialogue);
  },
};

function checkDialogue(dialogue: Dialogue): Violation[] {
  const found = dialogue.faults.map((fault) => violation('FRAME', dialogue, dialogue.openedAt, fault));
  // Only a reset, or a client that hangs up, may end a stream within a frame.
  const torn = dialogue.finished ? dialogue.torn : dialogue.tornAtRest;
  if (torn > 0) {
    found.push(violation('FRAME', dialogue, dialogue.endedAt, `${torn} bytes of a frame at the end`));
  }
  const heard = dialogue.utterances.filter(({ said }) => !said);
  const error = heard.findIndex(({ verb }) => verb === 'ERROR');
  const behind = error < 0 ? undefined : heard[error + 1];
  if (behind !== undefined) found.push(violation('FRAME', dialogue, behind.at, `${behind.verb} behind ERROR`));
  const welcome = heard.findIndex(({ verb, args }) => verb === 'RPL_WELCOME' && args[0] === '*');
  if (welcome < 0) return found;
  const block = heard.slice(welcome, welcome + WELCOME.length);
  if (block.length === WELCOME.length && block.some(({ verb }, i) => verb !== WELCOME[i])) {
    const verbs = block.map(({ verb }) => verb).join(' ');
    found.push(violation('FRAME', dialogue, block[0]?.at ?? 0, `a welcome in another order: ${verbs}`));
  }
  const again = heard.findLast(({ verb, args }) => verb === 'RPL_WELCOME' && args[0] === '*');
  if (again !== heard[welcome]) found.push(violation('FRAME', dialogue, again?.at ?? 0, 'welcomed twice'));
  return found;
}
