// The welcome: who one is and where one goes first. What went wrong stands beside what can be done about it.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isNick, roomKey } from '../../../wire/names.ts';
import { Mark } from '../../look/icons.tsx';
import type { Person } from '../model/talk.ts';

export interface WelcomeProps {
  readonly nick: string;
  readonly room: string;
  readonly busy: boolean;
  /** Why one is not in. */
  readonly problem: string | undefined;
  /** The server has asked for a password. */
  readonly wantsPassword: boolean;
  readonly enter: (person: Person, room: string) => void;
}

export function Welcome({ nick, room, busy, problem, wantsPassword, enter }: WelcomeProps): JSX.Element {
  const [name, setName] = useState(nick);
  const [place, setPlace] = useState(room);
  const [password, setPassword] = useState('');
  const [wrong, setWrong] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    const objection = objectionTo(name.trim(), place.trim());
    setWrong(objection);
    if (objection === undefined && !busy) enter({ nick: name.trim(), password }, place.trim());
  };
  const said = wrong ?? problem;
  return (
    <main class="welcome">
      <form class="card" onSubmit={submit} noValidate>
        <h1>
          <Mark /> Chorus
        </h1>
        <p class="soft">Every room is heard in one order, everywhere.</p>
        <label>
          Your name
          <input
            class="field"
            ref={field}
            name="nick"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            autoComplete="nickname"
            autoCapitalize="off"
            spellcheck={false}
            maxLength={32}
          />
        </label>
        <label>
          Room
          <input
            class="field"
            name="room"
            value={place}
            onInput={(event) => setPlace(event.currentTarget.value)}
            autoComplete="off"
            autoCapitalize="off"
            spellcheck={false}
            maxLength={64}
          />
        </label>
        {wantsPassword && (
          <label>
            Password of the server
            <input
              class="field"
              name="password"
              type="password"
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
              autoComplete="current-password"
            />
          </label>
        )}
        {said !== undefined && (
          <p class="problem" role="alert">
            {said}
          </p>
        )}
        <button class="button main" type="submit" disabled={busy}>
          {busy ? 'Connecting …' : 'Go in'}
        </button>
      </form>
    </main>
  );
}

function objectionTo(nick: string, room: string): string | undefined {
  if (nick === '') return 'Say what you are called.';
  if (!isNick(nick)) return 'A name begins with a letter; letters, digits, _ and - follow, 32 in all.';
  if (room === '') return 'Say which room to begin with; it is made if there is none.';
  if (roomKey(room) === undefined) return 'A room is called by letters, digits, and . _ - #.';
  return undefined;
}
