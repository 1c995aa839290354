// The chat: conversations at one side, the one that is looked at in the middle, its people at the other side. On a narrow
// screen the sides come over it when they are asked for.

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { CloseIcon, KeysIcon, MenuIcon, PeopleIcon } from '../../look/icons.tsx';
import { obey } from '../model/commands.ts';
import type { Desk } from '../model/desk.ts';
import type { Conversation } from '../model/room.ts';
import type { Talk } from '../model/talk.ts';
import { Announcer } from './announcer.tsx';
import { Composer } from './composer.tsx';
import { Finder, Keys } from './dialogs.tsx';
import { Log } from './log.tsx';
import { People } from './people.tsx';
import { Rooms } from './rooms.tsx';

/** What servers take, unless they were told otherwise. */
const MOST_BYTES = 4096;
type Side = 'rooms' | 'people' | undefined;
type Over = 'finder' | 'keys' | undefined;

export function ChatView({ talk }: { readonly talk: Talk }): JSX.Element {
  const { desk } = talk;
  const [side, setSide] = useSide();
  const [over, setOver] = useState<Over>();
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && side !== undefined) {
        event.preventDefault();
        setSide(undefined);
      }
      const move = keyOf(event);
      if (move === undefined) return;
      event.preventDefault();
      if (move === 'finder' || move === 'keys') setOver(move);
      else desk.turn(move.by, move.unread);
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [desk, side]);
  const { active } = desk;
  const go = (conversation: Conversation): void => {
    desk.look(conversation);
    setSide(undefined);
  };
  return (
    <div class={`chat${side === undefined ? '' : ` with-${side}`}`}>
      <Rooms desk={desk} go={go} find={() => setOver('finder')} />
      <main class="middle" inert={side !== undefined}>
        <Head desk={desk} side={side} setSide={setSide} keys={() => setOver('keys')} talk={talk} />
        <Banner desk={desk} />
        {active === undefined ? (
          <Nowhere find={() => setOver('finder')} />
        ) : (
          <Middle talk={talk} active={active} keys={() => setOver('keys')} />
        )}
      </main>
      {active?.kind === 'room' && (
        <People
          conversation={active}
          nick={desk.nick}
          talkTo={(nick) => {
            talk.talkTo(nick);
            setSide(undefined);
          }}
        />
      )}
      {side !== undefined && <button type="button" class="veil" aria-label="Back" onClick={() => setSide(undefined)} />}
      {over === 'finder' && (
        <Finder
          conversations={desk.conversations}
          go={go}
          join={(name) => void talk.join(name)}
          close={() => setOver(undefined)}
        />
      )}
      {over === 'keys' && <Keys close={() => setOver(undefined)} />}
      <NoticeView desk={desk} />
    </div>
  );
}

/** Which side is over the chat, if one is: it takes the focus, and gives it back. */
function useSide(): [Side, (side: Side) => void] {
  const [side, setSide] = useState<Side>();
  const opener = useRef<Element | null>(null);
  useLayoutEffect(() => {
    if (side === undefined) {
      (opener.current as HTMLElement | null)?.focus();
      opener.current = null;
    } else document.querySelector<HTMLElement>(`.${side} button`)?.focus();
  }, [side]);
  useEffect(() => {
    // With room for all of it nothing is over anything.
    const wide = matchMedia('(width >= 60rem)');
    const changed = (): void => setSide(undefined);
    wide.addEventListener('change', changed);
    return () => wide.removeEventListener('change', changed);
  }, []);
  const turn = (next: Side): void => {
    if (next !== undefined) opener.current = document.activeElement;
    setSide(next);
  };
  return [side, turn];
}

interface MiddleProps {
  readonly talk: Talk;
  readonly active: Conversation;
  readonly keys: () => void;
}

function Middle({ talk, active, keys }: MiddleProps): JSX.Element {
  const { desk } = talk;
  const say = (text: string): string | undefined => {
    const asked = obey(talk, active, text);
    if ('wrong' in asked) return asked.wrong;
    if ('say' in asked) void talk.send(active, asked.say);
    if ('help' in asked) keys();
    return undefined;
  };
  return (
    <>
      <Announcer key={`news of ${active.key}`} conversation={active} />
      <Log
        key={active.key}
        conversation={active}
        nick={desk.nick}
        retry={({ id, text }) => void talk.send(active, text, id)}
        forget={({ id }) => {
          active.settled(id);
          desk.changed();
        }}
        recall={() => void talk.recall(active)}
      />
      {active.expelled !== undefined && (
        <p class="problem bar" role="alert">
          You are not in {active.name}: {active.expelled}{' '}
          <button type="button" class="link" onClick={() => void talk.join(active.name)}>
            Go in again
          </button>
        </p>
      )}
      <Composer
        conversation={active}
        closed={closedBecause(desk, active)}
        most={MOST_BYTES}
        say={say}
        drafted={(text) => {
          active.draft = text;
          desk.changed();
        }}
      />
    </>
  );
}

/** Without a connection one goes on writing: it is sent when there is one again. */
function closedBecause(desk: Desk, conversation: Conversation): string | undefined {
  if (desk.connection.state === 'closed') return 'The chat has ended';
  if (conversation.expelled !== undefined) return 'You are not in this room';
  return conversation.entered ? undefined : 'Going in …';
}

interface HeadProps {
  readonly desk: Desk;
  readonly talk: Talk;
  readonly side: Side;
  readonly setSide: (side: Side) => void;
  readonly keys: () => void;
}

function Head({ desk, talk, side, setSide, keys }: HeadProps): JSX.Element {
  const { active } = desk;
  const others = desk.unread - (active?.unread ?? 0);
  return (
    <header class="head">
      <button
        type="button"
        class="button plain narrow-only"
        aria-label={others > 0 ? `Conversations, ${others} not read` : 'Conversations'}
        aria-expanded={side === 'rooms'}
        onClick={() => setSide(side === 'rooms' ? undefined : 'rooms')}
      >
        <MenuIcon />
        {others > 0 && <span class="dot" />}
      </button>
      <h1>
        <bdi>{active?.name ?? 'Chorus'}</bdi>
      </h1>
      <Connection desk={desk} />
      <button
        type="button"
        class="button plain wide-only"
        aria-label="Keys and commands"
        title="Keys (Ctrl /)"
        onClick={keys}
      >
        <KeysIcon />
      </button>
      {active !== undefined && (
        <button
          type="button"
          class="button plain"
          aria-label={active.kind === 'room' ? `Leave ${active.name}` : `Close the talk with ${active.name}`}
          title={active.kind === 'room' ? 'Leave this room' : 'Close'}
          onClick={() => void talk.leave(active)}
        >
          <CloseIcon />
        </button>
      )}
      {active?.kind === 'room' && (
        <button
          type="button"
          class="button plain people-button"
          aria-label={`People, ${active.crowd ?? active.people.size}`}
          aria-expanded={side === 'people'}
          onClick={() => setSide(side === 'people' ? undefined : 'people')}
        >
          <PeopleIcon /> {active.crowd ?? active.people.size}
        </button>
      )}
    </header>
  );
}

function Connection({ desk: { connection } }: { readonly desk: Desk }): JSX.Element {
  const words = { online: 'Connected', connecting: 'Connecting', offline: 'Not connected', closed: 'Ended' };
  const where = connection.state === 'closed' ? '' : connection.server;
  return (
    <p class={`connection ${connection.state}`} role="status">
      <span class="light" />
      <span class="unseen">{words[connection.state]}</span> <span class="where">{where}</span>
    </p>
  );
}

function Banner({ desk: { connection } }: { readonly desk: Desk }): JSX.Element | null {
  const [now, setNow] = useState(Date.now());
  const waits = connection.state === 'offline';
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [waits]);
  if (connection.state === 'online') return null;
  if (connection.state === 'connecting') return <p class="banner">Connecting to {connection.server} …</p>;
  if (connection.state === 'closed') {
    return (
      <p class="banner bad" role="alert">
        This chat has ended: {connection.reason}{' '}
        <button type="button" class="link" onClick={() => location.reload()}>
          Begin again
        </button>
      </p>
    );
  }
  const seconds = Math.ceil((connection.retryAt - now) / 1000);
  const next = seconds > 0 ? `the next server is tried in ${seconds} s` : 'the next server is tried now';
  return <p class="banner">The connection is gone; {next}. What you write is sent then.</p>;
}

function Nowhere({ find }: { readonly find: () => void }): JSX.Element {
  return (
    <div class="nothing">
      <h2>You are in no room</h2>
      <p>Join one, and everything said in it from now on is here, in one order.</p>
      <button type="button" class="button main" onClick={find}>
        Join a room
      </button>
    </div>
  );
}

function NoticeView({ desk }: { readonly desk: Desk }): JSX.Element | null {
  const { notice } = desk;
  useEffect(() => {
    if (notice === undefined) return;
    const timer = setTimeout(() => {
      if (desk.notice === notice) desk.notice = undefined;
      desk.changed();
    }, 8000);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div class="notices" role="status">
      {notice !== undefined && (
        <p key={notice.key} class={`notice ${notice.tone}`}>
          {notice.text}
        </p>
      )}
    </div>
  );
}

type Move = 'finder' | 'keys' | { readonly by: 1 | -1; readonly unread: boolean };

function keyOf({ key, altKey, ctrlKey, metaKey, shiftKey }: KeyboardEvent): Move | undefined {
  if ((ctrlKey || metaKey) && key.toLowerCase() === 'k') return 'finder';
  if ((ctrlKey || metaKey) && key === '/') return 'keys';
  if (altKey && (key === 'ArrowUp' || key === 'ArrowDown')) return { by: key === 'ArrowUp' ? -1 : 1, unread: shiftKey };
  return undefined;
}
