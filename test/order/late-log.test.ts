import { Budget } from '../../src/base/budget.ts';
import { MemoryLog } from '../../src/order/memory.ts';
import { describeLog } from '../contract/log.ts';
import { LateLog } from '../support/late-log.ts';

describeLog('a log that answers late', {
  make: (epoch, slots, bytes, first) => new LateLog(new MemoryLog(epoch, new Budget(1 << 30), { slots, bytes }, first)),
  answer: (log) => (log as LateLog).take()?.result ?? 0,
});
