// The map: servers in a ring, the one that the page comes from on top, and between them their links as they are now. Of many
// servers there are the names alone, in as many rows as keep them apart. The same is there as a list for who cannot see it.

import type { JSX } from 'preact';
import type { LinkView, NetworkView, ServerView } from '../model/network.ts';
import { ago, bytes, count, ms, short } from '../model/words.ts';

export interface MapProps {
  readonly network: NetworkView;
  readonly now: number;
  /** Nothing new is heard of it. */
  readonly old: boolean;
  readonly chosen: string | undefined;
  readonly choose: (server: string) => void;
}

const MOST_WITH_FIGURES = 6;
/** A name and the space around it. */
const ROW_REM = 2.25;

interface Place {
  readonly x: number;
  readonly y: number;
}

export function NetworkMap({ network: { servers, links }, now, old, chosen, choose }: MapProps): JSX.Element {
  const places = placesOf(servers);
  const many = servers.length > MOST_WITH_FIGURES;
  const rows = Math.ceil((servers.length + 1) / 2);
  return (
    <div class={`map${many ? ' many' : ''}${old ? ' old' : ''}`} style={{ minHeight: `${rows * ROW_REM}rem` }}>
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        {links.map((link) => {
          const [from, to] = [places.get(link.a), places.get(link.b)];
          if (from === undefined || to === undefined) return null;
          return <line key={link.key} class={`link ${link.state}`} x1={from.x} y1={from.y} x2={to.x} y2={to.y} />;
        })}
      </svg>
      {links.map((link) => (
        <LinkLabel key={link.key} link={link} from={places.get(link.a)} to={places.get(link.b)} />
      ))}
      {servers.map((server) => (
        <button
          key={server.name}
          type="button"
          class={`server ${server.state}`}
          style={at(places.get(server.name))}
          aria-pressed={chosen === server.name}
          data-server={server.name}
          onClick={() => choose(server.name)}
          title={server.name}
        >
          <span class="name">
            <span class="light" />
            <span>{server.name}</span>
          </span>
          {server.state === 'live' ? <Load server={server} /> : <span>lost {ago(server.since, now)} ago</span>}
        </button>
      ))}
      <ul class="unseen">
        {links.map((link) => (
          <li key={link.key}>
            {link.a} and {link.b}: {link.state}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Load({ server: { row, self } }: { readonly server: ServerView }): JSX.Element {
  return (
    <>
      <span>
        {count(row.users, 'user')}
        {self ? ' · this one' : row.hopcount > 0 ? ` · ${count(row.hopcount + 1, 'link')} away` : ''}
      </span>
      {row.load !== undefined && (
        <span class="rates">
          <span title="Messages from clients, a second">↓ {short(row.load.inRate)}/s</span>{' '}
          <span title="Messages to clients, a second">↑ {short(row.load.outRate)}/s</span>
        </span>
      )}
    </>
  );
}

interface LabelProps {
  readonly link: LinkView;
  readonly from: Place | undefined;
  readonly to: Place | undefined;
}

function LinkLabel({ link, from, to }: LabelProps): JSX.Element | null {
  if (from === undefined || to === undefined) return null;
  const words =
    link.state === 'live'
      ? [
          ...(link.roundTripMs === undefined ? [] : [ms(link.roundTripMs)]),
          ...(link.bytesPerSecond === undefined ? [] : [`${bytes(link.bytesPerSecond)}/s`]),
        ].join(' · ')
      : link.state;
  if (words === '' || link.state === 'lost') return null;
  return (
    <span
      class={`link-label ${link.state}`}
      data-link={link.key}
      style={at({ x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 })}
    >
      {words}
    </span>
  );
}

/** Places in hundredths of the map. Where there are many, two stand in a row, and the rows are as far apart as can be. */
function placesOf(servers: readonly ServerView[]): Map<string, Place> {
  const ring = [...servers].sort((a, b) => Number(b.self) - Number(a.self));
  const { length } = ring;
  if (length === 1) return new Map(ring.map(({ name }) => [name, { x: 50, y: 50 }]));
  const rows = Math.floor(length / 2);
  return new Map(
    ring.map(({ name }, i) => {
      const angle = (2 * Math.PI * i) / length - Math.PI / 2;
      if (length <= MOST_WITH_FIGURES) return [name, { x: 50 + 36 * Math.cos(angle), y: 52 + 36 * Math.sin(angle) }];
      const row = Math.min(i, length - i);
      const height = (2 * row) / rows - 1;
      const side = i === row ? 1 : -1;
      const last = length % 2 === 0 && row === rows;
      const width = i === 0 || last ? 0 : Math.max(Math.sqrt(Math.max(1 - height * height, 0)), 0.6);
      return [name, { x: 50 + side * 36 * width, y: 50 + 44 * height }];
    }),
  );
}

function at(place: Place | undefined): Readonly<Record<string, string>> {
  return { left: `${place?.x ?? 50}%`, top: `${place?.y ?? 50}%` };
}
