import { describe, expect, test } from 'bun:test';
import { answerUpgrade, type WebRules } from '../../src/net/upgrade.ts';
import { readWebRequest } from '../../src/net/web-request.ts';
import { upgradeRequest } from '../support/web-client.ts';

const LOCAL: WebRules = { origins: ['https://chat.example'], local: true };
const OPEN: WebRules = { origins: [], local: false };

function answer(request: string, rules = LOCAL): string {
  const read = readWebRequest(Buffer.from(request));
  return Buffer.from(('bytes' in read ? read : answerUpgrade(read, rules)).bytes).toString();
}
const status = (request: string, rules = LOCAL): number => Number(answer(request, rules).split(' ')[1]);
const upgrade = (headers: Readonly<Record<string, string | undefined>>, path = '/ws'): string =>
  upgradeRequest(7490, { headers, path });

describe('an upgrade', () => {
  test('is answered as the RFC has it, without extensions', () => {
    const text = answer(upgrade({ 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }));
    expect(text).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n' +
        'sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nsec-websocket-protocol: chorus.1\r\n\r\n',
    );
  });

  const GOOD: Readonly<Record<string, string>> = {
    'no origin': upgrade({}),
    'a query': upgrade({}, '/ws?x=1'),
    'words in other letters': upgrade({ upgrade: 'WebSocket', connection: 'UPGRADE' }),
    'one subprotocol of several': upgrade({ 'sec-websocket-protocol': 'other, chorus.1' }),
    'a body of no bytes': upgrade({ 'content-length': '0' }),
    'the page of this very place': upgrade({ origin: 'http://127.0.0.1:7490' }),
    'the page of this place by its name': upgrade({ host: 'LocalHost:7490', origin: 'http://localhost:7490' }),
    'a listed page': upgrade({ origin: 'https://chat.example' }),
    'a listed page by way of a proxy': upgrade({ host: 'chat.example', origin: 'https://chat.example' }),
  };
  for (const [name, request] of Object.entries(GOOD))
    test(`with ${name} is good`, () => expect(status(request)).toBe(101));

  const BAD: Readonly<Record<string, readonly [request: string, status: number]>> = {
    'another method': [upgrade({}).replace('GET', 'POST'), 405],
    'HTTP/1.0': [upgrade({}).replace('HTTP/1.1', 'HTTP/1.0'), 400],
    'a target with a host': [upgrade({}, 'http://127.0.0.1:7490/ws'), 400],
    'no host': [upgrade({ host: undefined }), 400],
    'two hosts': [upgrade({}).replace('\r\n\r\n', '\r\nhost: evil.example\r\n\r\n'), 400],
    'a host that is none': [upgrade({ host: 'a b' }), 400],
    'a body': [upgrade({ 'content-length': '5' }), 400],
    'a body in pieces': [upgrade({ 'transfer-encoding': 'chunked' }), 400],
    'a folded header': [upgrade({}).replace('\r\n\r\n', '\r\n folded: x\r\n\r\n'), 400],
    'a header without a colon': [upgrade({}).replace('\r\n\r\n', '\r\nnothing\r\n\r\n'), 400],
    'a space before the colon': [upgrade({}).replace('upgrade:', 'upgrade :'), 400],
    'a control character': [upgrade({ 'x-a': 'a\0b' }), 400],
    'no upgrade': [upgrade({ upgrade: undefined }), 426],
    'no connection': [upgrade({ connection: 'keep-alive' }), 426],
    'another version': [upgrade({ 'sec-websocket-version': '8' }), 426],
    'no key': [upgrade({ 'sec-websocket-key': undefined }), 400],
    'a key that is too short': [upgrade({ 'sec-websocket-key': 'YWJj' }), 400],
    'another subprotocol': [upgrade({ 'sec-websocket-protocol': 'chorus.2' }), 400],
    'no subprotocol': [upgrade({ 'sec-websocket-protocol': undefined }), 400],
    'a foreign page': [upgrade({ origin: 'http://evil.example' }), 403],
    'a page of this host at another port': [upgrade({ origin: 'http://127.0.0.1:8000' }), 403],
    'a page of no origin': [upgrade({ origin: 'null' }), 403],
    'an origin with a path': [upgrade({ origin: 'http://127.0.0.1:7490/x' }), 403],
    'two origins': [upgrade({ origin: 'https://chat.example, http://evil.example' }), 403],
    'a page that has its own name lead here': [
      upgrade({ host: 'evil.example:7490', origin: 'http://evil.example:7490' }),
      403,
    ],
    'a name of others': [upgrade({ host: 'evil.example:7490' }), 403],
  };
  for (const [name, [request, expected]] of Object.entries(BAD)) {
    test(`with ${name} is refused`, () => {
      expect(status(request)).toBe(expected);
      expect(answer(request)).toContain('\r\nconnection: ');
    });
  }

  test('a listener that others reach goes by whatever name it has', () => {
    expect(status(upgrade({ host: 'chat.example', origin: 'https://chat.example' }), OPEN)).toBe(101);
    expect(status(upgrade({ host: 'chat.example:443', origin: 'https://chat.example' }), OPEN)).toBe(101);
    expect(status(upgrade({ host: 'chat.example', origin: 'https://evil.example' }), OPEN)).toBe(403);
    expect(status(upgrade({ host: 'chat.example', origin: 'https://chat.example.evil.example' }), OPEN)).toBe(403);
  });
});
