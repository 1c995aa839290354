// Every course that a small world may take, as states and the ways between them. Nearly all of them are the same few
// states of servers with other things on their way: so what a server does is run once for each of its states and each
// thing that may happen to it (alone.ts), and looked up from then on. A state of the world is then its servers' states,
// what is on its way, and what went wrong: a line of numbers.
//
// It judges nothing: it gives courses that are to be run and judged in a real world. One leads to each end, and some take
// the steps that those do not. That is enough: what a server told its readers and its senders is a part of its state, so
// of all courses to one end everybody heard the same.

import { Alone, type Happening, type Message } from './alone.ts';
import { END_MS, HEAL_MS, type SmallOptions, START, type Trouble } from './small-world.ts';

const SERVERS = [0, 1, 2] as const;

/** A state of one server, and the events that led there first. */
interface Local {
  readonly id: number;
  readonly events: readonly Happening[];
  readonly due: number;
}

interface Step {
  readonly to: Local;
  readonly sent: readonly Message[];
}

interface Channel {
  readonly works: boolean;
  /** The receiver has not noticed yet what became of the channel. */
  readonly notice: 'lost' | 'reached' | undefined;
  readonly queue: readonly Message[];
}

interface State {
  readonly now: number;
  readonly said: number;
  readonly troubled: boolean;
  readonly healed: boolean;
  readonly servers: readonly Local[];
  readonly alive: readonly boolean[];
  /** From row to column. */
  readonly channels: readonly (readonly Channel[])[];
}

/** A state that waits for its choices to be looked at, and where it came from. */
interface Visit {
  readonly state: State;
  readonly before: Visit | undefined;
  readonly choice: string;
}

export interface Counted {
  readonly states: number;
  /** States of servers, which is how much was run. */
  readonly locals: number;
  readonly ends: number;
  /** Choices that lead to each end, and to each step of a server. */
  readonly courses: readonly (readonly string[])[];
  /** Nothing was left out. */
  readonly isWhole: boolean;
}

export class Courses {
  readonly #options: SmallOptions;
  readonly #locals = new Map<string, Local>();
  readonly #steps = new Map<string, Step>();
  readonly #messages = new Map<string, number>();
  /** Steps that were run since all() looked. */
  #fresh = 0;

  constructor(options: SmallOptions) {
    this.#options = options;
  }

  /** Looks at all states, or at `most`. */
  all(most = Number.POSITIVE_INFINITY): Counted {
    const seen = new Set<string>();
    const ends = new Map<string, readonly string[]>();
    const steps: (readonly string[])[] = [];
    const counted = (isWhole: boolean): Counted => {
      const courses = [...ends.values(), ...steps];
      return { states: seen.size, locals: this.#locals.size, ends: ends.size, courses, isWhole };
    };
    const open: Visit[] = [{ state: this.#beginning(), before: undefined, choice: '' }];
    seen.add(this.#key(open[0]?.state as State));
    for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
      const { state } = visit;
      const choices = this.#choices(state);
      if (choices.length === 0) ends.set(state.servers.map(({ id }) => id).join(), wayTo(visit));
      for (const choice of choices) {
        this.#fresh = 0;
        const next = this.#choose(state, choice);
        if (this.#fresh > 0) steps.push([...wayTo(visit), choice]);
        const key = this.#key(next);
        if (seen.has(key)) continue;
        if (seen.size >= most) return counted(false);
        seen.add(key);
        open.push({ state: next, before: visit, choice });
      }
    }
    return counted(true);
  }

  /** Everybody follows before anything goes wrong. */
  #beginning(): State {
    const channel: Channel = { works: true, notice: undefined, queue: [] };
    let state: State = {
      now: START,
      said: 0,
      troubled: this.#options.trouble.kind === 'none',
      healed: this.#options.trouble.kind !== 'cut',
      servers: SERVERS.map((index) => this.#local(index, [])),
      alive: SERVERS.map(() => true),
      channels: SERVERS.map(() => SERVERS.map(() => channel)),
    };
    state = this.#happen(state, 0, { now: START, label: 'create', kind: 'create' });
    for (let [first] = deliverable(state); first !== undefined; [first] = deliverable(state)) {
      state = this.#choose(state, first);
    }
    return state;
  }

  #choices(state: State): string[] {
    const { said, troubled, healed, now } = state;
    const all = [...deliverable(state), ...notices(state)];
    const speaker = this.#options.speakers[said];
    if (speaker !== undefined) all.push(`say ${speaker}`);
    if (!troubled) all.push('trouble');
    if (all.length > 0) return all;
    const isLate = !healed && now - START >= HEAL_MS;
    if (isLate || (!healed && this.#options.healsEarly === true)) all.push('heal');
    if (!isLate && this.#nextAt(state) < START + END_MS) all.push('time');
    return all;
  }

  #choose(state: State, choice: string): State {
    const [what = '', a = '', b = ''] = choice.split(' ');
    const [from, to] = [Number(a), Number(b)];
    if (what === 'time') return this.#goOn(state);
    if (what === 'say') return this.#say(state, from);
    if (what === 'trouble') return troubled(state, this.#options.trouble);
    if (what === 'heal') return healed(state, this.#options.trouble);
    if (what === 'notice') return this.#notice(state, from, to);
    const { queue } = channelOf(state, from, to);
    const [message, ...rest] = queue as [Message, ...Message[]];
    const label = `${from} ${message.label}`;
    const event = { now: state.now, label, kind: 'deliver', from, message } as const;
    return this.#happen(withChannel(state, from, to, { queue: rest }), to, event);
  }

  #say(state: State, index: number): State {
    const said = state.said + 1;
    const next = { ...state, said };
    if (state.alive[index] !== true) return next;
    const text = `m${said}`;
    const id = said % 2 === 1 ? `id-${text}-0123456789` : '';
    return this.#happen(next, index, { now: state.now, label: text, kind: 'say', text, id });
  }

  #notice(state: State, of: number, at: number): State {
    const { notice, queue } = channelOf(state, of, at);
    const isUp = notice === 'reached';
    const next = withChannel(state, of, at, { notice: undefined, queue: isUp ? queue : [] });
    return this.#happen(next, at, { now: state.now, label: `${notice} ${of}`, kind: 'notice', of, isUp });
  }

  #goOn(state: State): State {
    const now = Math.max(this.#nextAt(state), state.now);
    let next: State = { ...state, now };
    for (const index of SERVERS) {
      const { due } = next.servers[index] as Local;
      if (next.alive[index] === true && due <= now)
        next = this.#happen(next, index, { now, label: 'time', kind: 'time' });
    }
    return next;
  }

  /** When somebody is due next, or the cut is over. */
  #nextAt({ servers, alive, troubled, healed }: State): number {
    const wakes = servers.map(({ due }, i) => (alive[i] === true ? due : Number.POSITIVE_INFINITY));
    return Math.min(...wakes, healed || !troubled ? Number.POSITIVE_INFINITY : START + HEAL_MS);
  }

  #happen(state: State, index: number, event: Happening): State {
    const { to, sent } = this.#step(index, state.servers[index] as Local, event);
    const channels = state.channels.map((row) => [...row]);
    const row = channels[index] as Channel[];
    for (const message of sent) {
      const channel = row[message.to] as Channel;
      if (!channel.works || state.alive[message.to] !== true) continue;
      row[message.to] = { ...channel, queue: [...channel.queue, message] };
    }
    return { ...state, channels, servers: state.servers.map((local, i) => (i === index ? to : local)) };
  }

  #step(index: number, from: Local, event: Happening): Step {
    const key = `${from.id} ${event.now} ${event.label}`;
    let step = this.#steps.get(key);
    if (step === undefined) {
      this.#fresh++;
      const alone = this.#run(index, from.events);
      const sent = alone.happen(event);
      step = { to: this.#known(index, alone, [...from.events, event]), sent };
      this.#steps.set(key, step);
    }
    return step;
  }

  #local(index: number, events: readonly Happening[]): Local {
    return this.#known(index, this.#run(index, events), events);
  }

  #run(index: number, events: readonly Happening[]): Alone {
    const alone = new Alone(index, SERVERS.length, START);
    for (const event of events) alone.happen(event);
    return alone;
  }

  #known(index: number, alone: Alone, events: readonly Happening[]): Local {
    const key = `${index} ${alone.key()}`;
    let local = this.#locals.get(key);
    if (local === undefined) {
      local = { id: this.#locals.size, events, due: alone.due };
      this.#locals.set(key, local);
    }
    return local;
  }

  #key({ now, said, troubled, healed, servers, alive, channels }: State): string {
    const ways = channels.flat().map(({ notice, queue }) => {
      return `${notice ?? ''}${queue.map(({ label }) => this.#number(label)).join(' ')}`;
    });
    return `${now} ${said} ${troubled} ${healed} ${alive.join(' ')};${servers.map(({ id }) => id).join(' ')};${ways.join()}`;
  }

  #number(label: string): number {
    let number = this.#messages.get(label);
    if (number === undefined) {
      number = this.#messages.size;
      this.#messages.set(label, number);
    }
    return number;
  }
}

function wayTo(visit: Visit): string[] {
  const way: string[] = [];
  for (let at: Visit | undefined = visit; at?.before !== undefined; at = at.before) way.push(at.choice);
  return way.reverse();
}

function channelOf({ channels }: State, from: number, to: number): Channel {
  return (channels[from] as readonly Channel[])[to] as Channel;
}

function withChannel(state: State, from: number, to: number, change: Partial<Channel>): State {
  const channels = state.channels.map((row, i) => {
    return i === from ? row.map((channel, j) => (j === to ? { ...channel, ...change } : channel)) : row;
  });
  return { ...state, channels };
}

function deliverable(state: State): string[] {
  return between(state, ({ queue, notice }) => queue.length > 0 && notice !== 'reached', 'deliver');
}

function notices(state: State): string[] {
  return between(state, ({ notice }) => notice !== undefined, 'notice');
}

function between(state: State, may: (channel: Channel) => boolean, what: string): string[] {
  const all: string[] = [];
  for (const from of SERVERS) {
    for (const to of SERVERS) {
      if (state.alive[to] === true && may(channelOf(state, from, to))) all.push(`${what} ${from} ${to}`);
    }
  }
  return all;
}

/** What is on its way may still arrive, up to any point; nothing gets to whoever crashed. */
function troubled(state: State, trouble: Trouble): State {
  let next: State = { ...state, troubled: true };
  const cut = (from: number, to: number): void => {
    next = withChannel(next, from, to, { works: false, notice: 'lost' });
  };
  if (trouble.kind === 'crash') {
    next = { ...next, alive: state.alive.map((isAlive, i) => isAlive && i !== trouble.server) };
    for (const other of SERVERS) {
      if (other === trouble.server) continue;
      cut(trouble.server, other);
      next = withChannel(next, other, trouble.server, { queue: [] });
    }
  } else if (trouble.kind === 'cut') {
    for (const [a, b] of trouble.links) {
      cut(a, b);
      cut(b, a);
    }
  }
  return next;
}

function healed(state: State, trouble: Trouble): State {
  let next: State = { ...state, healed: true };
  for (const [a, b] of trouble.kind === 'cut' ? trouble.links : []) {
    next = withChannel(next, a, b, { works: true, notice: 'reached', queue: [] });
    next = withChannel(next, b, a, { works: true, notice: 'reached', queue: [] });
  }
  return next;
}
