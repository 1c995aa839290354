// The canonical form of a state: a text that is equal for two states which nothing that happens later can tell apart. It
// walks everything that can be reached from some roots, names each object by the order in which it is met, and leaves out
// what carries nothing from one event to the next. Where it is in doubt two states are two: that costs time alone.

import { Tape } from '../../../src/base/tape.ts';

/** Filled anew whenever they are used, or the same in all states; budgets are never full in small worlds. */
const SCRATCH = new Set(['FrameWriter', 'Frame', 'Scanner', 'SlotEncoder', 'Random', 'Budget']);
/** So are these fields: a server's surroundings and options, the time of the event at hand, what a call told its caller. */
const SCRATCH_FIELDS = new Set(['_world', '_options', '_limits', '_slot', '_scratch', '_now', 'sentSeq', 'sentEpoch']);
/** These tell what a question found in `seq` and `print`. */
const FOUND = new Set(['Line', 'MessageIds']);

export function canonical(roots: readonly unknown[]): string {
  const writer = new Writer();
  for (const root of roots) writer.write(root);
  return writer.text;
}

class Writer {
  text = '';
  readonly #met = new Map<object, number>();

  write(value: unknown): void {
    if (typeof value === 'string') this.text += `${value.length}:${value}`;
    else if (typeof value !== 'object' || value === null) this.text += `${String(value)},`;
    else if (value instanceof Tape)
      this.#bytes(value.buffer.subarray(value.tail - value.base, value.head - value.base));
    else if (ArrayBuffer.isView(value)) this.#bytes(value);
    else {
      const known = this.#met.get(value);
      if (known !== undefined) {
        this.text += `@${known},`;
        return;
      }
      this.#met.set(value, this.#met.size);
      this.#object(value);
    }
  }

  #bytes(bytes: ArrayBufferView): void {
    this.text += `${Bun.hash(bytes as Uint8Array)};`;
  }

  #object(value: object): void {
    if (Array.isArray(value)) return this.#list('[', value, ']');
    if (value instanceof Map) {
      this.text += '{';
      for (const [key, one] of value) {
        this.write(key);
        this.write(one);
      }
      this.text += '}';
      return;
    }
    if (value instanceof Set) return this.#list('(', value, ')');
    const { name } = value.constructor;
    if (SCRATCH.has(name)) return;
    this.text += '<';
    const isFound = FOUND.has(name);
    for (const key in value) {
      const field = (value as Record<string, unknown>)[key];
      if (typeof field === 'function' || SCRATCH_FIELDS.has(key)) continue;
      if (isFound && (key === 'seq' || key === 'print')) continue;
      this.write(field);
    }
    this.text += '>';
  }

  #list(open: string, items: Iterable<unknown>, close: string): void {
    this.text += open;
    for (const item of items) this.write(item);
    this.text += close;
  }
}
