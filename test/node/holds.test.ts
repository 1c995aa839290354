import { beforeEach, expect, test } from 'bun:test';
import { connectionId } from '../../src/base/ids.ts';
import { Outbox } from '../../src/fanout/outbox.ts';
import { Stamps } from '../../src/fanout/ring.ts';
import { Connection, HELD_BY_COMMAND, HELD_BY_OUTPUT } from '../../src/node/connection.ts';
import { Holds } from '../../src/node/holds.ts';
import { Scanner } from '../../src/wire/scanner.ts';

let said: string[];
let holds: Holds;
let connection: Connection;
beforeEach(() => {
  said = [];
  const ports = { pause: () => said.push('pause'), resume: () => said.push('resume') };
  holds = new Holds(ports as never, () => said.push('wake'));
  const id = connectionId(0);
  const outbox = new Outbox(id, { transport: { offer: () => 0 }, stamps: new Stamps() });
  connection = new Connection(id, outbox, new Scanner(1024), '', 0);
});

test('input goes on behind the next flush, and not before', () => {
  holds.hold(connection, HELD_BY_COMMAND);
  holds.release(connection, HELD_BY_COMMAND);
  expect(connection.held).not.toBe(0);
  expect(said).toEqual(['pause', 'wake']);
  expect(holds.take()).toEqual([connection]);
  expect(connection.held).toBe(0);
  expect(said).toEqual(['pause', 'wake', 'resume']);
  expect(holds.take()).toEqual([]);
});

test('one reason that is gone leaves the others', () => {
  holds.hold(connection, HELD_BY_COMMAND);
  holds.hold(connection, HELD_BY_OUTPUT);
  holds.release(connection, HELD_BY_OUTPUT);
  expect(connection.held).toBe(HELD_BY_COMMAND);
  expect(holds.take()).toEqual([]);
  holds.release(connection, HELD_BY_COMMAND);
  expect(holds.take()).toEqual([connection]);
  expect(said).toEqual(['pause', 'wake', 'resume']);
});

test('a reason that comes before the flush holds on', () => {
  holds.hold(connection, HELD_BY_COMMAND);
  holds.release(connection, HELD_BY_COMMAND);
  holds.hold(connection, HELD_BY_OUTPUT);
  expect(holds.take()).toEqual([]);
  expect(connection.held).toBe(HELD_BY_OUTPUT);
  holds.release(connection, HELD_BY_OUTPUT);
  expect(holds.take()).toEqual([connection]);
});

test('what nobody held is not released; who is forgotten or closing does not go on', () => {
  holds.release(connection, HELD_BY_OUTPUT);
  expect(said).toEqual([]);
  holds.hold(connection, HELD_BY_COMMAND);
  holds.release(connection, HELD_BY_COMMAND);
  holds.forget(connection);
  expect(holds.take()).toEqual([]);
  connection.held = 0;
  holds.hold(connection, HELD_BY_COMMAND);
  holds.release(connection, HELD_BY_COMMAND);
  connection.closingAt = 1;
  expect(holds.take()).toEqual([]);
});
