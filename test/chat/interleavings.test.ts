// Every order in which what servers tell each other, and what their people do meanwhile, can happen in a small network:
// it always ends in one state, and what must not happen never does.

import { describe, expect, test } from 'bun:test';
import { type ServerId, serverId } from '../../src/base/ids.ts';
import { Site } from './cluster.ts';
import { parse, snapshot } from './frames.ts';
import { type Client, START } from './world.ts';

/** With all orders that are too many for every day. */
const LONG = process.env.CHORUS_TEST_LONG !== undefined;
const LONG_MS = 120_000;

/** What people of one server do, one after the other. */
type Script = readonly (() => void)[];

interface Scene {
  readonly sites: readonly Site[];
  /** What is done at each server while facts travel. */
  readonly scripts: readonly Script[];
  /** What must hold at the end, beside that all know the same. */
  readonly end: () => void;
}

interface Route {
  readonly from: ServerId;
  readonly text: string;
}

/** One run of a scene, in the order that `choose` gives. */
class Run {
  readonly #sites: readonly Site[];
  readonly #scripts: readonly Script[];
  readonly #done: number[];
  readonly #routes = new Map<Site, Route[]>();

  constructor({ sites, scripts }: Scene) {
    this.#sites = sites;
    this.#scripts = scripts;
    this.#done = sites.map(() => 0);
    for (const site of sites) this.#routes.set(site, []);
  }

  play(choose: (below: number) => number): void {
    for (;;) {
      this.#collect();
      const next = [...this.#possible()];
      if (next.length === 0) return;
      next[choose(next.length)]?.();
    }
  }

  *#possible(): Generator<() => void> {
    for (const [i, to] of this.#sites.entries()) {
      for (const from of this.#sites) {
        const n = to.known.get(from.id)?.n ?? 0;
        if (to !== from && n < from.facts.length) yield () => hear(to, from, n);
      }
      const act = this.#scripts[i]?.[this.#done[i] as number];
      if (act !== undefined) {
        yield () => {
          this.#done[i] = (this.#done[i] as number) + 1;
          act();
        };
      }
      const routes = this.#routes.get(to) as Route[];
      if (routes.length > 0) {
        yield () => {
          const { from, text } = routes.shift() as Route;
          expect(to.chat.route(from, parse(text), to.now)).toBe('good');
        };
      }
    }
  }

  #collect(): void {
    for (const site of this.#sites) {
      site.collect();
      for (const [id, text] of site.peers.sent.splice(0)) {
        const to = this.#sites.find((other) => other.id === id) as Site;
        this.#routes.get(to)?.push({ from: site.id, text });
      }
    }
  }
}

function hear(to: Site, from: Site, n: number): void {
  to.known.set(from.id, { incarnation: from.incarnation, n: n + 1 });
  to.hear(from.id, from.facts[n] as string);
}

/** Plays a scene in every order there is; returns how many there are. */
function everyOrder(scene: () => Scene): number {
  const path: { at: number; readonly of: number }[] = [];
  for (let count = 1; ; count++) {
    const played = scene();
    let depth = 0;
    new Run(played).play((of) => {
      const choice = path[depth] ?? { at: 0, of };
      path[depth++] = choice;
      return choice.at;
    });
    const states = played.sites.map(({ chat }) => played.sites.map(({ id }) => snapshot(chat, id).sort()));
    for (const state of states) expect(state).toEqual(states[0] as string[][]);
    const owners = played.sites.map(({ chat }) => ['n', 'm'].map((nick) => chat.owner(nick)?.uid));
    for (const owner of owners) expect(owner).toEqual(owners[0] as NonNullable<(typeof owners)[0]>);
    played.end();
    while (path.length > 0 && (path.at(-1) as { at: number; of: number }).at + 1 === path.at(-1)?.of) path.pop();
    const last = path.at(-1);
    if (last === undefined) return count;
    last.at++;
  }
}

function site(id: number): Site {
  const made = new Site(serverId(id), START);
  made.peers.take();
  return made;
}

function arrive(at: Site, nick: string, user: string, ...before: readonly string[]): Client {
  const client = at.connect();
  client.say(...before, `<NICK,${nick}><USER,${user},0,*,x>`);
  return client;
}

const alive = (...clients: readonly (Client | undefined)[]): boolean[] => {
  return clients.map((client) => client !== undefined && client.closed === undefined);
};

describe('in every order', () => {
  test('one of two keeps a nickname: the earlier', () => {
    for (const [later, kept] of [
      [0, [true, false]],
      [5, [true, false]],
      [-5, [false, true]],
    ] as const) {
      const count = everyOrder(() => {
        const [one, two] = [site(1), site(2)];
        const clients: Client[] = [];
        two.now = START + later;
        return {
          sites: [one, two],
          scripts: [[() => clients.push(arrive(one, 'n', 'u1'))], [() => clients.push(arrive(two, 'N', 'u2'))]],
          end: () => {
            const by = (of: Site): Client | undefined => clients.find(({ world }) => world === of);
            const both = clients.every(({ session }) => session.user !== undefined || session.state !== 0);
            // Who came when the other was known there already was refused.
            if (both) expect(alive(by(one), by(two))).toEqual([...kept]);
            else expect(clients.filter(({ session }) => session.user !== undefined)).toHaveLength(1);
          },
        };
      });
      expect(count).toBeGreaterThan(5);
    }
  });

  test.each(LONG ? [2, 3] : [2])(
    'one of %i keeps it, at three servers',
    (claimants) => {
      const count = everyOrder(() => {
        const sites = [site(1), site(2), site(3)] as const;
        const clients = sites.slice(0, claimants).map((one, i) => arrive(one, 'n', `u${i}`));
        const kept = clients.map((_, i) => i === 0);
        return { sites, scripts: [], end: () => expect(alive(...clients)).toEqual(kept) };
      });
      expect(count).toBeGreaterThan(50);
    },
    LONG_MS,
  );

  test('a KILL never hits who took the name', () => {
    const killed = new Set<string>();
    everyOrder(() => {
      const [one, two] = [site(1), site(2)];
      const root = arrive(one, 'root', 'u0');
      root.session.operator = { name: 'root', hash: '', grants: 'all' };
      const victim = arrive(two, 'n', 'u1');
      const other = arrive(two, 'x', 'u2');
      return {
        sites: [one, two],
        scripts: [[() => root.say('<KILL,n,out>')], [() => victim.say('<NICK,m>'), () => other.say('<NICK,n>')]],
        end: () => {
          const [first, second] = alive(victim, other);
          killed.add(`${first} ${second}`);
          const dispatched = root.take().includes('<RPL_KILLED,n>');
          // Whoever had the name where it was asked for: never both, and nobody when nobody was known by it.
          expect([first, second].filter((is) => !is).length).toBe(dispatched || first === false ? 1 : 0);
        },
      };
    });
    expect([...killed].sort()).toEqual(['false true', 'true false', 'true true']);
  });

  test('who resumes elsewhere has the name, and the ghost is ended', () => {
    const count = everyOrder(() => {
      const [one, two] = [site(1), site(2)];
      const ghost = arrive(one, 'n', 'u1', '');
      const { uid } = ghost;
      one.collect();
      hear(two, one, 0);
      let heir: Client | undefined;
      return {
        sites: [one, two],
        scripts: [
          [() => ghost.say('<NICK,m>')],
          [
            () => {
              heir = two.connect().say(`<RESUME,${uid},token-${uid}><USER,u2,0,*,x>`);
            },
          ],
        ],
        end: () => {
          expect(alive(ghost, heir)).toEqual([false, true]);
          expect(one.chat.users.size).toBe(1);
        },
      };
    });
    expect(count).toBeGreaterThan(5);
  });

  test('of two who resume one ghost at two servers one stays', () => {
    const count = everyOrder(() => {
      const sites = [site(1), site(2), site(3)] as const;
      const [one, two, three] = sites;
      const ghost = arrive(one, 'n', 'u1');
      const text = `<RESUME,${ghost.uid},token-${ghost.uid}>`;
      one.collect();
      hear(two, one, 0);
      hear(three, one, 0);
      const heirs = [arrive(two, 'n', 'u2', text), arrive(three, 'n', 'u3', text)];
      return { sites, scripts: [], end: () => expect(alive(ghost, ...heirs)).toEqual([false, true, false]) };
    });
    expect(count).toBeGreaterThan(100);
  });
});
