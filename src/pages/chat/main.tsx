// The web chat: begins where one was, or asks who one is; draws at most once a frame, and keeps for the next visit what is
// to be kept. `#room` in the address goes into that room, and says in which one is: a reload goes on there.

import { type JSX, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ClientError } from '../../client/client-error.ts';
import { roomKey } from '../../wire/names.ts';
import { Desk } from './model/desk.ts';
import { beInside, keep, kept, wasInside } from './model/keep.ts';
import { type Person, Talk, wordsFor } from './model/talk.ts';
import { ChatView } from './view/chat.tsx';
import { Welcome } from './view/welcome.tsx';

const SERVER = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
const LOBBY = 'lobby';
/** How often a page in the background brings its title up to date. */
const BEHIND_MS = 250;

/** Whoever loads the page again may be faster than the server, which has yet to let the nickname go. */
const LETS_GO_MS = 500;
const RETURNS = 6;

const before = kept();
let talk: Talk | undefined;
let awaits = false;
let returning = before.nick !== '' && wasInside();

/** Something has changed: it is drawn with the next frame. */
function changed(): void {
  if (awaits) return;
  awaits = true;
  if (document.hidden) setTimeout(draw, BEHIND_MS);
  else requestAnimationFrame(draw);
}

function draw(): void {
  awaits = false;
  if (talk !== undefined) settle(talk.desk);
  render(<Page />, document.getElementById('app') as HTMLElement);
}

/** The title and what is kept follow the desk. */
function settle(desk: Desk): void {
  const { active, unread, mentioned } = desk;
  document.title = `${mentioned ? '@ ' : ''}${unread > 0 ? `(${unread}) ` : ''}${active?.name ?? 'Chorus'} · Chorus`;
  const rooms = desk.conversations.filter(({ kind }) => kind === 'room').map(({ name }) => name);
  keep({ nick: desk.nick, rooms, drafts: desk.drafts });
  if (active?.kind === 'room' && roomKey(active.name) !== roomKey(roomInAddress())) {
    history.replaceState(null, '', `#${encodeURIComponent(active.name)}`);
  }
}

/** The room that the address names; '' where it names none. */
function roomInAddress(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}

function Page(): JSX.Element {
  const [busy, setBusy] = useState(returning);
  const [problem, setProblem] = useState<string>();
  const [wantsPassword, setWantsPassword] = useState(false);
  if (talk !== undefined) return <ChatView talk={talk} />;
  const enter = async (person: Person, room: string, tries = 1): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await begin(person, room, tries);
    } catch (error) {
      setWantsPassword(error instanceof ClientError && error.code === 'ERR_PASSWDMISMATCH');
      setProblem(wordsFor(error));
    }
    setBusy(false);
  };
  const room = roomInAddress() || before.rooms[0] || LOBBY;
  useEffect(() => {
    if (returning) void enter({ nick: before.nick }, room, RETURNS);
    returning = false;
  }, []);
  return (
    <Welcome {...{ nick: before.nick, room, busy, problem, wantsPassword }} enter={(...who) => void enter(...who)} />
  );
}

async function begin(person: Person, room: string, tries: number): Promise<void> {
  const desk = new Desk(person.nick, location.host, changed, before.drafts);
  const made = await reach(person, desk, tries);
  const rooms = [room, ...before.rooms.filter((each) => each !== room)];
  for (const each of rooms) desk.open('room', each);
  talk = made;
  beInside();
  for (const each of rooms) void made.join(each, each === room);
  document.addEventListener('visibilitychange', () => desk.watch(!document.hidden));
  addEventListener('hashchange', () => {
    const other = roomInAddress();
    if (roomKey(other) !== undefined) void made.join(other);
  });
  addEventListener('pagehide', () => made.close());
  // A page that comes back out of the browser's memory has left.
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
  changed();
}

async function reach(person: Person, desk: Desk, tries: number): Promise<Talk> {
  try {
    return await Talk.begin(SERVER, person, desk);
  } catch (error) {
    if (tries <= 1 || !(error instanceof ClientError) || error.code !== 'ERR_NICKINUSE') throw error;
    await new Promise((resolve) => setTimeout(resolve, LETS_GO_MS));
    return reach(person, desk, tries - 1);
  }
}

draw();
