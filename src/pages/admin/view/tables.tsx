// The tables: rooms, clients with search, who lags behind, and what happened last.

import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ClientRow, RoomSort } from '../model/api.ts';
import type { NetworkView } from '../model/network.ts';
import type { ShownEvent, Watch } from '../model/watch.ts';
import { bytes, ms, short } from '../model/words.ts';

export function Rooms({ watch }: { readonly watch: Watch }): JSX.Element {
  const { rows, total } = watch.rooms;
  return (
    <section class="panel rooms-panel" aria-label="Rooms">
      <header>
        <h2>
          Rooms <span class="soft">{short(total)}</span>
        </h2>
        <input
          class="field"
          type="search"
          placeholder="Search"
          aria-label="Search rooms"
          value={watch.roomSearch}
          onInput={(event) => watch.search({ roomSearch: event.currentTarget.value })}
        />
        <label class="choice">
          by{' '}
          <select
            class="field"
            value={watch.roomSort}
            onChange={(event) => watch.search({ roomSort: event.currentTarget.value as RoomSort })}
          >
            <option value="rate">messages</option>
            <option value="members">members</option>
            <option value="name">name</option>
          </select>
        </label>
      </header>
      <Scroll>
        <table>
          <thead>
            <tr>
              <th scope="col">Room</th>
              <th scope="col">Home</th>
              <th scope="col" class="number">
                Members
              </th>
              <th scope="col" class="number spare">
                Here
              </th>
              <th scope="col" class="number">
                Messages/s
              </th>
              <th scope="col" class="number">
                Next
              </th>
              <th scope="col">Epoch</th>
              <th scope="col" class="number">
                Behind
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((room) => (
              <tr key={room.name}>
                <td>
                  <bdi title={room.name}>{room.name}</bdi>
                </td>
                <td>{homeOf(room.epoch, watch.network)}</td>
                <td class="number">{short(room.members)}</td>
                <td class="number spare">{short(room.here)}</td>
                <td class="number">{short(room.rate)}</td>
                <td class="number">{room.next}</td>
                <td class="mono" title={room.epoch}>
                  {room.epoch}
                </td>
                <td class={`number${room.behind > 0 ? ' warn' : ''}`}>{room.behind}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && (
          <Empty words={watch.roomSearch === '' ? 'No room was made yet.' : 'No room is called so.'} />
        )}
      </Scroll>
    </section>
  );
}

export interface ClientsProps {
  readonly watch: Watch;
  readonly kill: (client: ClientRow) => void;
}

export function Clients({ watch, kill }: ClientsProps): JSX.Element {
  const { rows, total } = watch.clients;
  return (
    <section class="panel clients-panel" aria-label="Clients">
      <header>
        <h2>
          Clients <span class="soft">{short(total)}</span>
        </h2>
        <input
          class="field"
          type="search"
          placeholder="Name or host"
          aria-label="Search clients"
          value={watch.clientSearch}
          onInput={(event) => watch.search({ clientSearch: event.currentTarget.value })}
        />
      </header>
      <Scroll>
        <table>
          <thead>
            <tr>
              <th scope="col">Nickname</th>
              <th scope="col" class="spare">
                Host
              </th>
              <th scope="col">Server</th>
              <th scope="col" class="number">
                Rooms
              </th>
              <th scope="col">
                <span class="unseen">What to do</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((client) => (
              <tr key={client.uid}>
                <td>
                  <bdi title={client.nick}>{client.nick}</bdi>
                </td>
                <td class="mono spare">{client.host}</td>
                <td>{client.server}</td>
                <td class="number">{client.rooms}</td>
                <td class="number">
                  <button type="button" class="link" onClick={() => kill(client)} aria-label={`Kill ${client.nick}`}>
                    Kill
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <Empty words={watch.clientSearch === '' ? 'Nobody is here.' : 'Nobody is called so.'} />}
      </Scroll>
    </section>
  );
}

export function Laggards({ watch: { laggards } }: { readonly watch: Watch }): JSX.Element {
  return (
    <section class="panel laggards-panel" aria-label="Laggards">
      <header>
        <h2>
          Laggards <span class="soft">{short(laggards.total)}</span>
        </h2>
      </header>
      <Scroll>
        {laggards.rows.length === 0 && <Empty words="Everybody takes what comes." />}
        <ul class="plain-list">
          {laggards.rows.map((row) => (
            <li key={row.uid}>
              <bdi>{row.nick}</bdi> <span class="soft">{bytes(row.waitingBytes + row.behindBytes)} behind</span>
              {row.stalledMs > 0 && <span class="warn"> takes nothing for {ms(row.stalledMs)}</span>}
            </li>
          ))}
        </ul>
      </Scroll>
    </section>
  );
}

export function Events({ events }: { readonly events: readonly ShownEvent[] }): JSX.Element {
  return (
    <section class="panel events-panel" aria-label="Events">
      <header>
        <h2>Events</h2>
      </header>
      <Scroll>
        {events.length === 0 && <Empty words="Nothing has happened since this page was opened." />}
        <ol class="plain-list">
          {events.map(({ key, time, level, event, fields }) => (
            <li key={key} class={level}>
              <time dateTime={time}>{time.slice(11, 19)}</time> <strong>{event}</strong>{' '}
              <span class="soft">
                {Object.entries(fields)
                  .map(([name, value]) => `${name}=${String(value)}`)
                  .join(' ')}
              </span>
            </li>
          ))}
        </ol>
      </Scroll>
    </section>
  );
}

/** What scrolls takes the focus, so that it is read with the keys. */
function Scroll({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const at = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => at.current?.setAttribute('tabindex', '0'), []);
  return (
    <div class="scroll" ref={at}>
      {children}
    </div>
  );
}

function Empty({ words }: { readonly words: string }): JSX.Element {
  return <p class="empty">{words}</p>;
}

/** The server that gives a room's numbers out: the epoch says which. */
function homeOf(epoch: string, network: NetworkView): string {
  const id = Number(epoch.split('.')[1]);
  return network.servers.find(({ row }) => row.id === id)?.name ?? '–';
}
