import { describe, expect, test } from 'bun:test';
import { ClientError } from '../../src/client/client-error.ts';
import { Requests } from '../../src/client/requests.ts';

function open(max = 10) {
  const written: string[] = [];
  const settled: string[] = [];
  const requests = new Requests((verb, args) => written.push([verb, ...args].join(' ')), max);
  const ask = (name: string, verb: string, args: string[], online = true, until = 100, request = 0): void => {
    const settle = (outcome: { lines: readonly (readonly string[])[] } | { error: ClientError }): void => {
      settled.push(`${name}: ${'lines' in outcome ? JSON.stringify(outcome.lines) : outcome.error.code}`);
    };
    requests.ask({ verb, args, until, settle, request }, online);
  };
  return { requests, written, settled, ask };
}

describe('questions and answers', () => {
  test('answers of one verb go to its questions in order, line by line', () => {
    const { requests, settled, ask } = open();
    ask('a', 'MAP', []);
    ask('b', 'MAP', []);
    ask('c', 'LISTROOMS', []);
    requests.reply({ verb: 'RPL_MAP', args: ['one'] });
    requests.reply({ verb: 'RPL_ENDOFROOMS', args: ['0'] });
    requests.reply({ verb: 'RPL_ENDOFMAP', args: ['1'] });
    requests.reply({ verb: 'RPL_ENDOFMAP', args: ['0'] });
    expect(settled).toEqual(['c: [["0"]]', 'a: [["one"],["1"]]', 'b: [["0"]]']);
    expect(requests.reply({ verb: 'RPL_ENDOFMAP', args: ['0'] })).toBe(false);
  });

  test('an error goes to the question that has its subject, else to the oldest', () => {
    const { requests, settled, ask } = open();
    ask('a', 'ULIST', ['x']);
    ask('b', 'ULIST', ['y']);
    requests.refuse({ verb: 'ERR_NOSUCHROOM', args: ['ULIST', 'y', 'no'] });
    requests.refuse({ verb: 'ERR_FLOODING', args: ['ULIST', '', 'slow'] });
    expect(settled).toEqual(['b: ERR_NOSUCHROOM', 'a: ERR_FLOODING']);
    expect(requests.refuse({ verb: 'ERR_FLOODING', args: ['ULIST', '', 'slow'] })).toBe(false);
  });

  test('a late answer is not taken for the next question’s', () => {
    const { requests, settled, ask } = open();
    ask('late', 'MAP', [], true, 10);
    ask('next', 'MAP', []);
    requests.expire(10);
    requests.reply({ verb: 'RPL_ENDOFMAP', args: ['first'] });
    requests.reply({ verb: 'RPL_ENDOFMAP', args: ['second'] });
    expect(settled).toEqual(['late: TIMEOUT', 'next: [["second"]]']);
    expect(requests.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test('what is given up is not asked any more, or its answer is nobody’s', () => {
    const { requests, written, settled, ask } = open();
    ask('asked', 'MAP', [], true, 100, 1);
    ask('next', 'MAP', [], true, 100, 2);
    ask('never', 'LISTROOMS', [], false, 100, 3);
    expect([1, 3, 3, 4].map((request) => requests.cancel(request))).toEqual([true, true, false, false]);
    requests.flush();
    requests.reply({ verb: 'RPL_ENDOFMAP', args: ['first'] });
    requests.reply({ verb: 'RPL_ENDOFMAP', args: ['second'] });
    expect(written).toEqual(['MAP', 'MAP']);
    expect(settled).toEqual(['asked: ABORTED', 'never: ABORTED', 'next: [["second"]]']);
  });

  test('what was not sent waits for a connection, or for its deadline', () => {
    const { requests, written, settled, ask } = open(2);
    ask('old', 'MAP', [], false, 10);
    ask('new', 'MAP', [], false);
    expect(requests.full).toBe(true);
    requests.expire(10);
    requests.fail(new ClientError('DISCONNECTED', ''), false);
    requests.flush();
    expect(written).toEqual(['MAP']);
    requests.fail(new ClientError('DISCONNECTED', ''), false);
    expect(settled).toEqual(['old: TIMEOUT', 'new: DISCONNECTED']);
    expect(requests.full).toBe(false);
  });
});
