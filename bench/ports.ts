// The ports of a node that is measured without an edge: nothing passes, nobody is asked, time and chance stand still, and
// rooms keep what they do as they are preset. What a bench looks at it gives itself. An error of the node ends the bench.

import { Budget } from '../src/base/budget.ts';
import type { Ports } from '../src/node/ports.ts';
import type { Options } from '../src/ops/options/option-table.ts';
import { MemoryLog } from '../src/order/memory.ts';

/** Ports that do nothing but what `own` does. */
export function quietPorts(
  { roomMemoryBytes, roomMessages: slots, roomBytes: bytes }: Options,
  own: Partial<Ports> & Pick<Ports, 'offer'>,
): Ports {
  const memory = new Budget(roomMemoryBytes);
  return {
    pause: () => {},
    resume: () => {},
    end: () => {},
    terminate: () => {},
    wake: () => {},
    openLog: (_room, epoch, first) => new MemoryLog(epoch, memory, { slots, bytes }, first),
    verify: () => false,
    token: () => 'token',
    isToken: () => false,
    log: (level, event, fields) => {
      if (level === 'error') throw new Error(`${event} ${JSON.stringify(fields)}`);
    },
    stop: () => {},
    ...own,
  };
}
