// The operators' page: the network drawn, its figures as they move, rooms, clients, laggards, events, and what an operator
// can do about them.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Mark } from '../../look/icons.tsx';
import type { Act, ClientRow } from '../model/api.ts';
import type { LinkView, ServerView } from '../model/network.ts';
import type { Watch } from '../model/watch.ts';
import { ago, bytes, ms, short } from '../model/words.ts';
import { Confirm, type Question } from './confirm.tsx';
import { NetworkMap } from './map.tsx';
import { Plot } from './plot.tsx';
import { Clients, Events, Laggards, Rooms } from './tables.tsx';

export interface AdminProps {
  readonly watch: Watch;
  readonly leave: () => void;
}

export function Admin({ watch, leave }: AdminProps): JSX.Element {
  const [question, setQuestion] = useState<Question>();
  const [chosen, setChosen] = useState<string>();
  const [done, setDone] = useState('');
  const now = Date.now();
  const { servers } = watch.network;
  const lost = servers.filter(({ state }) => state === 'lost').length;
  const broken = watch.network.links.filter(({ state }) => state === 'broken').length;
  const act = async (what: Act): Promise<void> => {
    await watch.api.act(what);
    setDone(DONE[what.what]);
  };
  return (
    <div class="admin">
      <header class="top">
        <h1>
          <Mark /> Chorus <span class="soft spare">operators</span>
        </h1>
        <Verdict watch={watch} lost={lost} broken={broken} />
        <p role="status" class="done">
          {done}
        </p>
        <button type="button" class="button" onClick={() => setQuestion(BROADCAST)}>
          Broadcast …
        </button>
        <button type="button" class="button" onClick={leave}>
          Leave
        </button>
      </header>
      <main>
        <section class="panel map-panel" aria-label="Network">
          <header>
            <h2>
              Network <span class="soft">{servers.length}</span>
            </h2>
          </header>
          <NetworkMap
            network={watch.network}
            now={now}
            old={watch.trouble !== undefined}
            chosen={chosen}
            choose={(name) => setChosen(name === chosen ? undefined : name)}
          />
          <Details
            server={servers.find(({ name }) => name === chosen)}
            links={watch.network.links}
            now={now}
            ask={setQuestion}
            forget={(name) => watch.forget(name)}
          />
        </section>
        <Plots watch={watch} />
        <Rooms watch={watch} />
        <Clients watch={watch} kill={(client) => setQuestion(killing(client))} />
        <Laggards watch={watch} />
        <Events events={watch.events} />
      </main>
      {question !== undefined && <Confirm question={question} act={act} close={() => setQuestion(undefined)} />}
    </div>
  );
}

function Verdict({
  watch,
  lost,
  broken,
}: {
  readonly watch: Watch;
  readonly lost: number;
  readonly broken: number;
}): JSX.Element {
  const [state, words] =
    watch.trouble !== undefined
      ? ['bad', `${watch.trouble}; asking again`]
      : lost > 0
        ? ['bad', `${lost} ${lost === 1 ? 'server' : 'servers'} lost`]
        : broken > 0
          ? ['warn', `${broken} ${broken === 1 ? 'link' : 'links'} broken`]
          : watch.lookedAt === 0
            ? ['warn', 'Looking …']
            : ['good', 'All is well'];
  return (
    <p class={`verdict ${state}`} role="status">
      <span class="light" /> {words}
    </p>
  );
}

interface DetailsProps {
  readonly server: ServerView | undefined;
  readonly links: readonly LinkView[];
  readonly now: number;
  readonly ask: (question: Question) => void;
  readonly forget: (server: string) => void;
}

function Details({ server, links, now, ask, forget }: DetailsProps): JSX.Element {
  if (server === undefined) return <p class="hint">Choose a server to see its links, and what can be done.</p>;
  const { name, state, self, row } = server;
  return (
    <div class="details">
      <h3>
        {name} <span class="soft">{state === 'live' ? row.info : `lost ${ago(server.since, now)} ago`}</span>
      </h3>
      <ul class="plain-list">
        {links
          .filter(({ a, b }) => a === name || b === name)
          .map((link) => {
            const other = link.a === name ? link.b : link.a;
            return (
              <li key={link.key}>
                to {other} <span class={link.state === 'live' ? 'soft' : 'warn'}>{link.state}</span>{' '}
                {link.roundTripMs !== undefined && <span class="soft">{ms(link.roundTripMs)}</span>}{' '}
                {link.state === 'live' && (
                  <button type="button" class="link" onClick={() => ask(closingLink(name, other))}>
                    Close this link …
                  </button>
                )}
              </li>
            );
          })}
      </ul>
      <div class="choices">
        {state === 'lost' && (
          <button type="button" class="button" onClick={() => forget(name)}>
            Forget it
          </button>
        )}
        {state === 'live' && self && (
          <button type="button" class="button" onClick={() => ask(DRAIN)}>
            Drain …
          </button>
        )}
        {state === 'live' && !self && (
          <button type="button" class="button" onClick={() => ask(closing(name))}>
            Close this server …
          </button>
        )}
      </div>
    </div>
  );
}

function Plots({ watch: { series } }: { readonly watch: Watch }): JSX.Element {
  const { last, times } = series;
  const value = (known: number | undefined, words: (value: number) => string): string =>
    known === undefined ? '–' : words(known);
  const perSecond = (rate: number): string => `${short(rate)}/s`;
  const bytesPerSecond = (rate: number): string => `${bytes(rate)}/s`;
  return (
    <section class="panel plots" aria-label="Figures of this server">
      <Plot
        title="Messages"
        value={value(last?.messages, perSecond)}
        times={times}
        values={series.of('messages')}
        words={perSecond}
        colour="accent"
      />
      <Plot
        title="Written"
        value={value(last?.deliveredBytes, bytesPerSecond)}
        times={times}
        values={series.of('deliveredBytes')}
        words={bytesPerSecond}
        colour="accent"
      />
      <Plot
        title="Commit, p99"
        value={value(last?.commitMs, ms)}
        times={times}
        values={series.of('commitMs')}
        words={ms}
        colour="good"
      />
      <Plot
        title="Loop delay, p99"
        value={value(last?.loopMs, ms)}
        times={times}
        values={series.of('loopMs')}
        words={ms}
        colour="warn"
      />
      <Plot
        title="Connections"
        value={value(last?.connections, short)}
        times={times}
        values={series.of('connections')}
        words={short}
        colour="accent"
      />
      <Plot
        title="Memory"
        value={value(last?.memory, bytes)}
        times={times}
        values={series.of('memory')}
        words={bytes}
        colour="good"
      />
    </section>
  );
}

const DONE = {
  kill: 'The client was ended.',
  broadcast: 'It was said to everybody.',
  sclose: 'It was told to close.',
  drain: 'This server drains.',
} as const;

const BROADCAST: Question = {
  title: 'Say something to everybody',
  warning: 'Every client of every server reads it at once.',
  confirm: 'Say it',
  asks: 'What to say',
  preset: '',
  act: (text) => ({ what: 'broadcast', scope: 'all', text }),
};

const DRAIN: Question = {
  title: 'Drain this server',
  warning: 'It takes nobody new, hands its rooms over, sends its clients to other servers and stops.',
  confirm: 'Drain it',
  asks: 'What its clients are told',
  preset: 'Maintenance',
  act: (comment) => ({ what: 'drain', comment }),
};

function killing({ nick, uid, server }: ClientRow): Question {
  return {
    title: `Kill ${nick}`,
    warning: `The connection of ${nick} to ${server} ends. It may come back.`,
    confirm: 'Kill',
    asks: 'What it is told',
    preset: 'Ended by an operator',
    act: (comment) => ({ what: 'kill', target: uid, comment }),
  };
}

function closing(server: string): Question {
  return {
    title: `Close ${server}`,
    warning: `${server} leaves the network gracefully and stops. Somebody has to start it again.`,
    confirm: 'Close it',
    asks: 'What its clients are told',
    preset: 'Maintenance',
    act: (comment) => ({ what: 'sclose', server, comment }),
  };
}

function closingLink(server: string, peer: string): Question {
  return {
    title: `Close the link between ${server} and ${peer}`,
    warning:
      'Neither dials the other for ten minutes. What they say to each other goes by other servers meanwhile, if there is a way.',
    confirm: 'Close the link',
    asks: 'Why',
    preset: 'Closed by an operator',
    act: (comment) => ({ what: 'sclose', server, comment, peer }),
  };
}
