import { expect, test } from 'bun:test';
import { Listeners } from '../../../src/client/sdk/listeners.ts';

interface Events {
  one: number;
  two: string;
}

test('listeners hear their kind until they are taken off, and one that throws keeps nothing from the others', () => {
  const faults: unknown[] = [];
  const listeners = new Listeners<Events>((fault) => faults.push(fault));
  const heard: unknown[] = [];
  listeners.on('one', () => {
    throw new Error('mine');
  });
  const off = listeners.on('one', (event) => heard.push(event));
  listeners.on('two', (event) => heard.push(event));
  listeners.tell('one', 1);
  listeners.tell('two', 'x');
  off();
  listeners.tell('one', 2);
  expect(heard).toEqual([1, 'x']);
  expect(faults).toMatchObject([{ message: 'mine' }, { message: 'mine' }]);
});
