// What the table of options calls live: each such value, told anew to a node that runs, shows in what its clients get.
// Every case acts twice on one node, before it is told and after, and only the second time shows what is looked for.

import { describe, expect, test } from 'bun:test';
import { Budget } from '../../src/base/budget.ts';
import type { ConnectionId, Ticket } from '../../src/base/ids.ts';
import type { NodeConfig } from '../../src/node/config.ts';
import { Node } from '../../src/node/node.ts';
import type { Ports } from '../../src/node/ports.ts';
import { nodeConfig, retell } from '../../src/ops/node-config.ts';
import { KEYS, type OptionKey, type Options, rowOf } from '../../src/ops/options/option-table.ts';
import { parseOptions } from '../../src/ops/options/options.ts';
import { MemoryLog } from '../../src/order/memory.ts';

const START = 1_700_000_000_000;
const SWEEP_MS = 1000;

function optionsOf(flags: readonly string[]): Options {
  const parsed = parseOptions(flags, {}, { hostname: 'alpha', fdLimit: 20_000 });
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

const configOf = (flags: readonly string[]): NodeConfig =>
  nodeConfig(optionsOf(flags), [], { id: 7, version: '0', birth: START, incarnation: START });

/** A node whose clients are in memory. */
class Host {
  readonly node: Node;
  /** Registered before anything is told anew, and in the room `r`. */
  readonly ann: ConnectionId;
  readonly ended = new Set<ConnectionId>();
  /** Whether connections take what they are offered. */
  takes = true;
  count = 0;
  /** Names of what the log was told. */
  readonly events: string[] = [];
  readonly #config: NodeConfig;
  readonly #said = new Map<ConnectionId, string>();
  readonly #checks: Ticket[] = [];
  #now = START;

  constructor(flags: readonly string[]) {
    this.#config = configOf(flags);
    this.node = new Node(this.#config, this.#ports());
    this.ann = this.register('ann');
    this.say(this.ann, '<CREATEROOM,r><JOINROOM,r>');
  }

  retell(flags: readonly string[]): void {
    retell(this.#config, configOf(flags));
    this.node.reconfigured(this.#now);
    this.#settle();
  }

  connect(address = '127.0.0.1'): ConnectionId {
    const id = this.node.connected(address, 'host', this.#now);
    this.#said.set(id, '');
    this.#settle();
    return id;
  }

  register(nick = `n${++this.count}`): ConnectionId {
    const id = this.connect();
    this.say(id, `<NICK,${nick}><USER,u,0,*,x>`);
    return id;
  }

  /** What the client gets in answer. */
  say(id: ConnectionId, text: string): string {
    this.heard(id);
    this.node.receive(id, new TextEncoder().encode(text), this.#now);
    this.#settle();
    return this.heard(id);
  }

  /** What the client got since it was asked last. */
  heard(id: ConnectionId): string {
    const said = this.#said.get(id) ?? '';
    this.#said.set(id, '');
    return said;
  }

  pass(ms: number): void {
    for (const until = this.#now + ms; this.#now < until; ) {
      this.#now += SWEEP_MS;
      this.node.tick(this.#now);
      this.#settle();
    }
  }

  close(...ids: readonly ConnectionId[]): void {
    for (const id of ids) this.node.closed(id, 'gone', this.#now);
    this.#settle();
  }

  /** Whether the connection's input waits while it takes nothing and says `text`. */
  holds(id: ConnectionId, text: string): string {
    this.takes = false;
    this.say(id, text);
    const held = this.node.connections.at(id)?.held !== 0;
    this.takes = true;
    this.node.drained(id, this.#now);
    return held ? 'held' : 'not held';
  }

  #settle(): void {
    for (const ticket of this.#checks.splice(0)) this.node.done(ticket, 0, this.#now);
    this.node.flush(this.#now);
  }

  #ports(): Ports {
    const memory = new Budget(1 << 24);
    const nothing = (): void => {};
    return {
      offer: (id, bytes, start, end) => {
        if (!this.takes) return 0;
        this.#said.set(id, `${this.#said.get(id) ?? ''}${new TextDecoder().decode(bytes.subarray(start, end))}`);
        return end - start;
      },
      pause: nothing,
      resume: nothing,
      end: (id) => void this.ended.add(id),
      terminate: (id) => void this.ended.add(id),
      wake: nothing,
      openLog: (_room, epoch, first) => new MemoryLog(epoch, memory, { slots: 100, bytes: 1 << 20 }, first),
      verify: (ticket) => this.#checks.push(ticket) > 0,
      token: () => 'token',
      isToken: () => false,
      log: (_level, event) => void this.events.push(event),
      stop: nothing,
    };
  }
}

interface Case {
  /** What it is made with, and what it is told then. */
  readonly made?: readonly string[];
  readonly told: readonly string[];
  readonly act: (host: Host) => string;
  readonly shows: RegExp;
}

/** Says `text` as somebody who is not registered, and goes. */
const stranger =
  (text: string, ms = 0) =>
  (host: Host): string => {
    const id = host.connect();
    const said = host.heard(id) + host.say(id, text);
    host.pass(ms);
    const more = host.heard(id);
    host.close(id);
    return said + more;
  };

const CASES: Partial<Readonly<Record<OptionKey, Case>>> = {
  maxClients: {
    made: ['--max-clients=2'],
    told: ['--max-clients=1'],
    act: stranger('<PING>'),
    shows: /ERR_SERVERFULL/,
  },
  perIp: {
    told: ['--per-ip=1'],
    act: (host) => {
      const ids = [host.connect('10.0.0.1'), host.connect('10.0.0.1')] as const;
      const said = host.heard(ids[1]);
      host.close(...ids);
      return said;
    },
    shows: /ERR_SERVERFULL/,
  },
  flood: {
    made: ['--flood=off'],
    told: ['--flood=1:1'],
    act: (host) => host.say(host.ann, '<LSEND,x,ann><LSEND,y,ann>'),
    shows: /ERR_FLOODING/,
  },
  registrationMs: { told: ['--registration-ms=1s'], act: stranger('<PING>', 2000), shows: /Registration timed out/ },
  registrationFrames: { told: ['--registration-frames=2'], act: stranger('<PING>'.repeat(4)), shows: /<ERROR,/ },
  registrationFrameBytes: {
    told: ['--registration-frame-bytes=128'],
    act: stranger(`<PING,${'x'.repeat(200)}>`),
    shows: /ERR_FRAMETOOLONG/,
  },
  registrationBytes: {
    made: ['--registration-bytes=4KiB'],
    told: ['--registration-bytes=1KiB'],
    act: stranger(`<PING,${'x'.repeat(500)}>`.repeat(3)),
    shows: /Too much was sent/,
  },
  idlePingMs: {
    told: ['--idle-ping-ms=1s'],
    act: (host) => {
      host.say(host.ann, '<PING>');
      host.pass(2000);
      return host.heard(host.ann);
    },
    shows: /<PING,/,
  },
  idleTimeoutMs: {
    told: ['--idle-timeout-ms=31s'],
    act: (host) => {
      const id = host.register();
      host.heard(id);
      host.pass(40_000);
      return host.heard(id);
    },
    shows: /Ping timeout/,
  },
  writeDeadlineMs: {
    told: ['--write-deadline-ms=1s'],
    act: (host) => {
      const id = host.register();
      host.takes = false;
      host.say(id, '<PING>');
      host.pass(3000);
      host.takes = true;
      return host.ended.has(id) ? 'ended' : 'there';
    },
    shows: /ended/,
  },
  unregisteredOutputBytes: {
    made: ['--registration-frame-bytes=512'],
    told: ['--registration-frame-bytes=512', '--unregistered-output-bytes=1KiB'],
    act: (host) => host.holds(host.connect(), `<PING,${'x'.repeat(400)}>`),
    shows: /^held/,
  },
  clientOutputBytes: {
    told: ['--client-output-bytes=16KiB'],
    act: (host) => host.holds(host.register(), `<PING,${'x'.repeat(3000)}>`.repeat(2)),
    shows: /^held/,
  },
  passwordFailures: {
    told: ['--password-failures=1'],
    act: (host) => host.say(host.register(), '<OPER,x,y>'),
    shows: /Too many wrong passwords/,
  },
  frameBytes: {
    told: ['--frame-bytes=1KiB', '--text-bytes=100'],
    act: (host) => {
      host.say(host.ann, '<PING>');
      return host.say(host.ann, `<PING,${'x'.repeat(2000)}>`);
    },
    shows: /ERR_FRAMETOOLONG/,
  },
  textBytes: {
    told: ['--text-bytes=5'],
    act: (host) => host.say(host.ann, '<CSEND,123456>'),
    shows: /ERR_TEXTTOOLONG/,
  },
  targets: { told: ['--targets=1'], act: (host) => host.say(host.ann, '<LSEND,x,a,b>'), shows: /ERR_TOOMANYTARGETS/ },
  nickLength: {
    told: ['--nick-length=5'],
    act: (host) => host.say(host.ann, `<NICK,longer${++host.count}>`),
    shows: /ERR_\w+,NICK/,
  },
  nickHistory: {
    told: ['--nick-history=1'],
    act: (host) => {
      const id = host.register();
      const [first, second, third] = [++host.count, ++host.count, ++host.count];
      host.say(id, `<NICK,x${first}><NICK,x${second}><NICK,x${third}>`);
      return host.say(id, `<LOCATE,x${first}>`);
    },
    shows: /ERR_NOSUCHNICK/,
  },
  nickHistoryMs: {
    told: ['--nick-history-ms=1s'],
    act: (host) => {
      const id = host.register(`x${++host.count}`);
      host.say(id, '<QUIT>');
      host.close(id);
      host.pass(3000);
      return host.say(host.ann, `<LOCATE,x${host.count}>`);
    },
    shows: /ERR_NOSUCHNICK/,
  },
  goneUsers: {
    told: ['--gone-users=1'],
    act: (host) => {
      const ids = [host.register(`x${++host.count}`), host.register(`x${++host.count}`)];
      host.close(...ids);
      return host.say(host.ann, `<LOCATE,x${host.count - 1}>`);
    },
    shows: /ERR_NOSUCHNICK/,
  },
  roomLength: {
    told: ['--room-length=5'],
    act: (host) => host.say(host.ann, `<CREATEROOM,longer${++host.count}>`),
    shows: /ERR_BADROOMNAME/,
  },
  roomsPerUser: {
    told: ['--rooms-per-user=2'],
    act: (host) => host.say(host.ann, `<CREATEROOM,x${++host.count}><JOINROOM,x${host.count}>`),
    shows: /ERR_TOOMANYROOMS,JOINROOM/,
  },
  rooms: {
    told: ['--rooms=1', '--rooms-per-user=1'],
    act: (host) => host.say(host.ann, `<CREATEROOM,x${++host.count}>`),
    shows: /ERR_TOOMANYROOMS,CREATEROOM/,
  },
  roomIdleMs: {
    told: ['--room-idle-ms=1s'],
    act: (host) => {
      host.say(host.ann, `<CREATEROOM,x${++host.count}>`);
      host.pass(3000);
      return host.say(host.ann, `<CREATEROOM,x${host.count}>`);
    },
    shows: /RPL_ROOMCREATED/,
  },
  presence: {
    told: ['--presence=0'],
    act: (host) => {
      host.heard(host.ann);
      host.say(host.register(), '<JOINROOM,r>');
      host.pass(2000);
      return host.heard(host.ann);
    },
    shows: /RPL_MEMBERS/,
  },
  trace: {
    told: ['--trace=Ann'],
    act: (host) => {
      host.say(host.ann, '<PING>');
      return host.events.join(' ');
    },
    shows: /^trace\.begun trace\.in trace\.out$/,
  },
  historyCount: {
    told: ['--history-count=1'],
    act: (host) => {
      host.say(host.ann, '<CSEND,a><CSEND,b><CSEND,c>');
      return String(host.say(host.ann, '<HISTORY,r,,,>').split('<CMSG').length - 1);
    },
    shows: /^1$/,
  },
};

/** Those that no node knows, with the tests that show them. */
const ELSEWHERE: readonly OptionKey[] = [
  // test/e2e/config.test.ts, with a real server.
  ...([
    'operators',
    'secretFile',
    'apiTokenFile',
    'showHosts',
    'logLevel',
    'logFormat',
    'drainMs',
    'shutdownMs',
  ] as const),
  // test/e2e/tls.test.ts, test/e2e/tls-links.test.ts, test/e2e/password.test.ts
  ...(['tlsCert', 'tlsKey', 'linkCert', 'linkKey', 'linkCa', 'linkPins', 'passwordFile'] as const),
  // test/e2e/web.test.ts
  'webOrigins',
  // test/chat/guesses.test.ts
  'passwordWaitMaxMs',
  // test/ops/secrets/passwords.test.ts
  ...(['passwordChecks', 'passwordQueue'] as const),
  // What it bounds is looked up by the relations alone.
  'clientFrameBytes',
  // What it bounds is --max-clients, and connections of operators (test/e2e/config.test.ts).
  'fdReserve',
];

test('every option that is called live is shown to be', () => {
  const live = KEYS.filter((key) => rowOf(key).live === true);
  expect([...(Object.keys(CASES) as OptionKey[]), ...ELSEWHERE].sort()).toEqual([...live].sort());
});

describe('told anew, a node follows at once:', () => {
  for (const [key, { made = [], told, act, shows }] of Object.entries(CASES)) {
    test(key, () => {
      const base = key === 'flood' ? [] : ['--flood=off'];
      const host = new Host([...base, ...made]);
      expect(act(host)).not.toMatch(shows);
      host.retell([...base, ...told]);
      expect(act(host)).toMatch(shows);
    });
  }
});

test('who is connected is told RPL_LIMITS when it says something else, and nothing otherwise', () => {
  const host = new Host([]);
  host.heard(host.ann);
  host.retell(['--rooms=50']);
  expect(host.heard(host.ann)).toBe('');
  host.retell(['--rooms=50', '--targets=9']);
  expect(host.heard(host.ann)).toMatch(/^<RPL_LIMITS,[^>]*,targets=9,[^>]*,ack=home>\n$/);
});
