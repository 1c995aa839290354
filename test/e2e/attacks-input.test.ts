// Attacks by what is sent: bytes that are no frames, frames that never end, floods, trickles, and words that try to be
// frames. The server answers with an error or ends the connection; it neither falls nor grows, and others are served
// meanwhile.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { medianAnswerMs } from '../support/latency.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';
import { readReference } from '../wire/reference.ts';

// The machine may be busy with other things.
setDefaultTimeout(20_000);

const MIB = 1024 * 1024;
/** Far above what an answer takes (0.3 ms), far below what it took where one of these attacks held the loop. */
const PROMPT_MS = 50;
const PATIENT = ['--log-level', 'error', '--registration-ms', '1m'];

let server: ServerProcess;
let ann: RawClient;
beforeAll(async () => {
  server = await ServerProcess.start(...PATIENT);
  ann = await RawClient.register(server.port, 'ann');
});
afterAll(async () => {
  ann[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

let visitors = 0;
const visitor = (): Promise<RawClient> => RawClient.register(server.port, `visitor${visitors++}`);
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** What is sent, and what the answer begins with. */
const ANSWERED: readonly (readonly [string, string, string])[] = [
  ['a NUL in a frame', '<CSEND,a\0b>', '<ERR_BADFRAME,CSEND,'],
  ['a NUL between frames', '\0', '<ERR_BADFRAME,*,'],
  ['an overlong UTF-8 sequence', '<CSEND,\xc0\xaf>', '<ERR_BADFRAME,CSEND,'],
  ['half a surrogate pair', '<CSEND,\xed\xa0\x80>', '<ERR_BADFRAME,CSEND,'],
  ['UTF-8 that breaks off', '<CSEND,\xe2\x82>', '<ERR_BADFRAME,CSEND,'],
  ['a frame in a frame', '<CSEND,<CSEND,x>', '<ERR_BADFRAME,CSEND,'],
  ['no verb', '<>', '<ERR_BADFRAME,*,'],
  ['65 arguments', `<PING${',1'.repeat(65)}>`, '<ERR_BADFRAME,PING,'],
  ['a verb of 32 letters', `<${'V'.repeat(32)}>`, '<ERR_BADFRAME,*,'],
  ['64 KiB of garbage', 'x'.repeat(65_536), '<ERR_BADFRAME,*,'],
  ['64 KiB of backslashes', '\\'.repeat(65_536), '<ERR_BADFRAME,*,'],
  ['64 KiB of <', '<'.repeat(65_536), '<ERR_BADFRAME,*,'],
  ['another protocol', 'GET / HTTP/1.1\r\nHost: chat\r\n\r\n', '<ERR_BADFRAME,*,'],
];

/** What is sent, and the last thing that the sender hears. */
const ENDED: readonly (readonly [string, string, string])[] = [
  ['64 KiB of backslashes in a frame', `<CSEND,${'\\'.repeat(65_536)}>`, '<ERROR,A frame was too long>'],
  ['a frame without end', `<CSEND,${'x'.repeat(MIB)}`, '<ERROR,A frame was too long>'],
  ['arguments without end', `<C${','.repeat(MIB)}`, '<ERROR,A frame was too long>'],
  ['100,000 frames at once', '<PING>'.repeat(100_000), '<ERROR,Excess flooding; send more slowly>'],
  ['100,000 messages to no room', '<CSEND,hi,no>'.repeat(100_000), '<ERROR,Excess flooding; send more slowly>'],
  ['100,000 bad frames', '<>'.repeat(100_000), '<ERROR,Excess flooding; send more slowly>'],
  ['white space without end', ' '.repeat(2 * MIB), '<ERROR,Excess flooding; send more slowly>'],
  ['empty lines without end', '\r\n'.repeat(MIB), '<ERROR,Excess flooding; send more slowly>'],
  ['garbage without end', 'x'.repeat(2 * MIB), '<ERROR,Excess flooding; send more slowly>'],
  ['backslashes without end', '\\'.repeat(2 * MIB), '<ERROR,Excess flooding; send more slowly>'],
  ['< without end', '<'.repeat(2 * MIB), '<ERROR,Excess flooding; send more slowly>'],
  ['NULs without end', '\0'.repeat(2 * MIB), '<ERROR,Excess flooding; send more slowly>'],
];

describe('from a client', () => {
  for (const [name, sent, answer] of ANSWERED) {
    test(`${name} is answered, and the conversation goes on`, async () => {
      using client = await visitor();
      client.send(bytesOf(`${sent}<PING,after>`));
      expect(await client.until('<')).toStartWith(answer);
      expect(await client.until('<PONG,')).toBe('<PONG,after>');
      expect(client.lines).toEqual([]);
    });
  }

  for (const [name, sent, last] of ENDED) {
    test(`${name}: it is told why and ended`, async () => {
      using client = await visitor();
      client.send(bytesOf(sent));
      const [lines, median] = await Promise.all([client.upTo('<ERROR,'), medianAnswerMs(ann, 5)]);
      expect(lines.at(-1)).toBe(last);
      await client.ended();
      expect(median).toBeLessThan(PROMPT_MS);
    });
  }

  test('all of it, again and again from many, leaves no memory behind', async () => {
    const sent = [...ANSWERED, ...ENDED].map(([, bytes]) => bytesOf(bytes));
    const attack = async (bytes: Uint8Array): Promise<void> => {
      using client = await visitor();
      client.send(bytes);
      client.send('<QUIT>');
      await client.ended();
    };
    const round = (): Promise<unknown> => Promise.all(sent.map(attack));
    for (let i = 0; i < 3; i++) await round();
    const before = await server.rss();
    for (let i = 0; i < 4; i++) await round();
    expect(await medianAnswerMs(ann)).toBeLessThan(PROMPT_MS);
    // A hundred attacks of 130 MB; what is not collected yet takes a tenth.
    expect((await server.rss()) - before).toBeLessThan(48 * MIB);
  });

  test('one byte at a time is the same as all at once', async () => {
    const said =
      '<CREATEROOM,bytes>\n<JOINROOM,bytes> junk <CSEND,Gr\xc3\xbc\xc3\x9fe \\<\\, ok><CSEND,a\0><LISTROOM><PING,x>';
    using trickle = await visitor();
    for (const byte of bytesOf(said)) {
      trickle.send(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    const heard = await trickle.upTo('<PONG,x>');
    expect(heard.map((line) => line.split(',')[0])).toEqual([
      '<RPL_ROOMCREATED',
      '<RPL_WELCOME',
      '<ERR_BADFRAME',
      '<CMSG',
      '<ERR_BADFRAME',
      '<ERR_UNKNOWNCOMMAND',
      '<PONG',
    ]);
    expect(heard[3]).toEndWith(',Grüße \\<\\, ok>');
    trickle.send('<LEAVEROOM,bytes>');
    await trickle.until('<LEAVEROOM');
  });

  test('the flood of a large room costs by its members', async () => {
    // A message to 100 members costs a token more than one to a few.
    const members = await Promise.all(Array.from({ length: 100 }, visitor));
    const [talker] = members as [RawClient];
    talker.send('<CREATEROOM,large>');
    await talker.until('<RPL_ROOMCREATED');
    for (const member of members) member.send('<JOINROOM,large><PING,in>');
    for (const member of members) await member.until('<PONG,in>');
    talker.send(`${'<CSEND,hello>'.repeat(150)}<PING,done>`);
    const heard = await talker.upTo('<ERR_FLOODING,PING');
    const said = heard.filter((line) => line.startsWith('<CMSG,large,')).length;
    // 200 at once, two each, less what joining cost, more what some milliseconds brought back.
    expect(said).toBeGreaterThan(80);
    expect(said).toBeLessThan(115);
    for (const member of members) member[Symbol.dispose]();
  });
});

describe('before registration', () => {
  const refused = async (sent: string): Promise<string[]> => {
    using client = await RawClient.connect(server.port);
    client.send(bytesOf(sent));
    const lines = await client.upTo('<ERROR,');
    await client.ended();
    return lines;
  };

  test('eight frames', async () => {
    const lines = await refused('<PING>'.repeat(9));
    expect(lines).toHaveLength(9);
    expect(lines.slice(0, 8)).toEqual(Array(8).fill('<PONG>'));
    expect(lines[8]).toStartWith('<ERROR,Too many frames before registration');
  });

  test('bad frames count', async () => {
    const lines = await refused('<>'.repeat(9));
    expect(lines.at(-1)).toStartWith('<ERROR,Too many frames before registration');
  });

  for (const [name, sent] of [
    ['frames', `<PING,${'x'.repeat(600)}>`.repeat(2)],
    ['white space', ' '.repeat(2048)],
    ['garbage', 'x'.repeat(2048)],
    ['<', '<'.repeat(2048)],
  ] as const) {
    test(`1 KiB of ${name}`, async () => {
      expect((await refused(sent)).at(-1)).toBe(
        '<ERROR,Too much was sent before registration; connect again and send NICK and USER first>',
      );
    });
  }

  test('a frame of more than 1 KiB', async () => {
    const lines = await refused(`<NICK,${'x'.repeat(1100)}`);
    expect(lines[0]).toStartWith('<ERR_FRAMETOOLONG,*,1024,');
    expect(lines.at(-1)).toBe('<ERROR,A frame was too long>');
  });
});

describe('words that would be frames', () => {
  // What the observer would see if anything left a frame: a KILL, a QUIT, a line of its own.
  const EVIL = ['a><KILL,ann,x>', 'a,b', 'a\\', '\\>', 'a\r\n<QUIT,ann!a@h,x>\r\n', ' a ', '\u202eevil', '>', '<', ','];
  const escaped = (text: string): string => text.replace(/[<>,\\]/g, '\\$&').replace(/^[ \t\r\n]|[ \t\r\n]$/g, '\\$&');

  /** Lines as another reader of the grammar reads them. */
  const framesOf = (lines: readonly string[]): { verb: string; args: readonly string[] }[] => {
    const stream = Buffer.from(`${lines.join('\n')}\n`).toString('latin1');
    return readReference(stream, 65_536, 64).findings.map((finding) => {
      if (!('args' in finding)) throw new Error(`no frame: ${JSON.stringify(finding)}`);
      return { verb: finding.verb, args: finding.args };
    });
  };

  test('stay words in a text, a message id, an LSEND and a farewell', async () => {
    using observer = await visitor();
    using speaker = await visitor();
    observer.send('<CREATEROOM,words><JOINROOM,words>');
    await observer.until('<RPL_WELCOME,words');
    speaker.send('<JOINROOM,words>');
    await observer.until('<JOINROOM,words');
    const nick = `visitor${visitors - 2}`;
    for (const [i, evil] of EVIL.entries()) {
      speaker.send(`<CSEND,${escaped(evil)}><CSEND,${escaped(evil)},words,,${escaped(`id\\,<>${i}xx`)}>`);
      speaker.send(`<LSEND,${escaped(evil)},${nick}>`);
    }
    speaker.send(`<QUIT,${escaped(EVIL[0] as string)}>`);
    await speaker.until('<ERROR,');
    observer.send('<PING,all>');
    const frames = framesOf(await observer.upTo('<PONG,all>'));
    expect(frames.map(({ verb }) => verb)).toEqual([...EVIL.flatMap(() => ['CMSG', 'CMSG', 'LMSG']), 'QUIT', 'PONG']);
    for (const [i, evil] of EVIL.entries()) {
      const [plain, named, listed] = frames.slice(i * 3, i * 3 + 3);
      expect(plain?.args[5]).toBe(evil);
      expect(named?.args.slice(5)).toEqual([evil, `id\\,<>${i}xx`]);
      expect(listed?.args[2]).toBe(evil);
    }
    expect(frames.at(-2)?.args[1]).toBe(`Quit: ${EVIL[0]}`);
  });

  test('are refused as names, and what is refused comes back as one argument', async () => {
    using client = await visitor();
    const ask = async (sent: string, start: string, evil: string): Promise<void> => {
      client.send(`${sent}<PING,next>`);
      const [first, second] = framesOf(await client.upTo('<PONG,next>'));
      expect(first?.verb).toBe(start);
      expect(first?.args[1]).toBe(evil);
      expect(second?.verb).toBe('PONG');
    };
    for (const evil of EVIL) {
      await ask(`<NICK,${escaped(evil)}>`, 'ERR_BADNICK', evil);
      await ask(`<CREATEROOM,${escaped(evil)}>`, 'ERR_BADROOMNAME', evil);
      await ask(`<JOINROOM,${escaped(evil)}>`, 'ERR_NOSUCHROOM', evil);
      await ask(`<LOCATE,${escaped(evil)}>`, 'ERR_NOSUCHNICK', evil);
    }
    using fresh = await RawClient.connect(server.port);
    fresh.send('<USER,a\\,b,0,*,x><USER,a\\>\\<KILL,0,*,x>');
    expect(await fresh.until('<')).toStartWith('<ERR_BADUSER,USER,a\\,b,');
    expect(await fresh.until('<')).toStartWith('<ERR_BADUSER,USER,a\\>\\<KILL,');
  });

  test('a real name with anything in it is taken, and said to nobody', async () => {
    using observer = await visitor();
    using client = await RawClient.connect(server.port);
    client.send(`<NICK,evil><USER,e,0,*,${escaped('><KILL,ann,x>')}><JOINROOM,none><CREATEROOM,own><JOINROOM,own>`);
    await client.until('<RPL_WELCOME,own');
    observer.send('<ULIST,own><LOCATE,evil><PING,end>');
    expect((await observer.upTo('<PONG,end>')).join('\n')).not.toContain('KILL');
  });
});

describe('names', () => {
  test('that are the same in another form belong to one', async () => {
    using first = await visitor();
    using second = await visitor();
    first.send('<NICK,Same><CREATEROOM,caf\u00e9>');
    await first.until('<RPL_ROOMCREATED');
    second.send('<NICK,sAME><CREATEROOM,CAFE\u0301><JOINROOM,Cafe\u0301>');
    expect(await second.until('<')).toStartWith('<ERR_NICKINUSE,NICK,sAME,');
    expect(await second.until('<')).toStartWith('<ERR_ROOMEXISTS,CREATEROOM,CAFE\u0301,');
    expect(await second.until('<')).toStartWith('<RPL_WELCOME,caf\u00e9,');
  });

  test('that are too long are refused, never cut', async () => {
    using client = await visitor();
    client.send(`<NICK,${'n'.repeat(33)}><CREATEROOM,${'r'.repeat(65)}><CREATEROOM,${'\u0345'.repeat(64)}>`);
    expect(await client.until('<')).toStartWith(`<ERR_BADNICK,NICK,${'n'.repeat(33)},`);
    expect(await client.until('<')).toStartWith(`<ERR_BADROOMNAME,CREATEROOM,${'r'.repeat(65)},`);
    expect(await client.until('<')).toStartWith('<RPL_ROOMCREATED,');
    using fresh = await RawClient.connect(server.port);
    fresh.send(`<USER,${'u'.repeat(33)},0,*,x>`);
    expect(await fresh.until('<')).toStartWith('<ERR_BADUSER,');
  });
});
