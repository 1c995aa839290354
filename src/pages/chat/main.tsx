// The web chat: begins where one was, or asks who one is; draws at most once a frame, and keeps for the next visit what is
// to be kept. `#room` in the address goes into that room.

import { type JSX, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ClientError } from '../../client/client-error.ts';
import { Desk } from './model/desk.ts';
import { keep, kept } from './model/keep.ts';
import { type Person, Talk, wordsFor } from './model/talk.ts';
import { ChatView } from './view/chat.tsx';
import { Welcome } from './view/welcome.tsx';

const SERVER = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
const LOBBY = 'lobby';
/** Says, for as long as this tab is there, that its person was in: a reload goes on without asking. */
const INSIDE = 'chorus-inside';
/** How often a page in the background brings its title up to date. */
const BEHIND_MS = 250;

const before = kept();
const wanted = decodeURIComponent(location.hash.slice(1));
let talk: Talk | undefined;
let awaits = false;
let returning = before.nick !== '' && sessionStorage.getItem(INSIDE) !== null;

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
  const drafts = desk.conversations.filter(({ draft }) => draft !== '').map(({ key, draft }) => [key, draft]);
  const rooms = desk.conversations.filter(({ kind }) => kind === 'room').map(({ name }) => name);
  keep({ nick: desk.nick, rooms, drafts: Object.fromEntries(drafts) });
}

function Page(): JSX.Element {
  const [busy, setBusy] = useState(returning);
  const [problem, setProblem] = useState<string>();
  const [wantsPassword, setWantsPassword] = useState(false);
  if (talk !== undefined) return <ChatView talk={talk} />;
  const enter = async (person: Person, room: string): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await begin(person, room);
    } catch (error) {
      setWantsPassword(error instanceof ClientError && error.code === 'ERR_PASSWDMISMATCH');
      setProblem(wordsFor(error));
    }
    setBusy(false);
  };
  const room = wanted || before.rooms[0] || LOBBY;
  useEffect(() => {
    if (returning) void enter({ nick: before.nick }, room);
    returning = false;
  }, []);
  return (
    <Welcome {...{ nick: before.nick, room, busy, problem, wantsPassword }} enter={(...who) => void enter(...who)} />
  );
}

async function begin(person: Person, room: string): Promise<void> {
  const desk = new Desk(person.nick, location.host, changed);
  const made = await Talk.begin(SERVER, person, desk);
  const rooms = [room, ...before.rooms.filter((each) => each !== room)];
  for (const each of rooms) desk.open('room', each);
  for (const each of desk.conversations) each.draft = before.drafts[each.key] ?? '';
  talk = made;
  sessionStorage.setItem(INSIDE, '1');
  for (const each of rooms) void made.join(each, each === room);
  document.addEventListener('visibilitychange', () => desk.watch(!document.hidden));
  addEventListener('pagehide', () => void made.close());
  changed();
}

draw();
