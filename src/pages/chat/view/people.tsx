// Who is in the room: everybody by name, or how many where they are too many to name.

import type { JSX } from 'preact';
import type { Conversation } from '../model/room.ts';
import { hueOf } from '../model/text.ts';

export interface PeopleProps {
  readonly conversation: Conversation;
  readonly nick: string;
  readonly talkTo: (nick: string) => void;
}

/** More are only counted. */
const MOST = 300;
const BY_NAME = new Intl.Collator(undefined, { numeric: true });

export function People({ conversation: { people, crowd }, nick, talkTo }: PeopleProps): JSX.Element {
  const count = crowd ?? people.size;
  const shown = [...people.values()].sort((a, b) => BY_NAME.compare(a.nick, b.nick)).slice(0, MOST);
  return (
    <aside class="people" aria-label="People in this room">
      <h2>
        People <span class="soft">{count}</span>
      </h2>
      {crowd !== undefined && <p class="hint">They are too many to be told one by one.</p>}
      <ul>
        {shown.map((person) => (
          <li key={person.nick}>
            {person.nick === nick ? (
              <span class="row self">
                <Name nick={person.nick} server={person.server} /> <span class="soft">you</span>
              </span>
            ) : (
              <button
                type="button"
                class="row"
                title={`Talk to ${person.nick} alone`}
                onClick={() => talkTo(person.nick)}
              >
                <Name nick={person.nick} server={person.server} />
              </button>
            )}
          </li>
        ))}
      </ul>
      {crowd === undefined && count > shown.length && <p class="hint">and {count - shown.length} more</p>}
    </aside>
  );
}

function Name({ nick, server }: { readonly nick: string; readonly server: string }): JSX.Element {
  return (
    <>
      <bdi class="nick" style={{ '--hue': hueOf(nick) }}>
        {nick}
      </bdi>
      {server !== '' && <span class="server">{server}</span>}
    </>
  );
}
