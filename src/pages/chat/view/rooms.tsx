// The side with one's conversations: which there are, which of them has something new, and the way into others.

import type { JSX } from 'preact';
import { Mark, PlusIcon } from '../../look/icons.tsx';
import type { Desk } from '../model/desk.ts';
import type { Conversation } from '../model/room.ts';

export interface RoomsProps {
  readonly desk: Desk;
  readonly go: (conversation: Conversation) => void;
  readonly find: () => void;
}

export function Rooms({ desk, go, find }: RoomsProps): JSX.Element {
  const of = (kind: Conversation['kind']) => desk.conversations.filter((each) => each.kind === kind);
  return (
    <nav class="rooms" aria-label="Conversations">
      <div class="brand">
        <Mark /> <span>Chorus</span>
      </div>
      <List title="Rooms" conversations={of('room')} desk={desk} go={go} />
      <button type="button" class="row add" onClick={find}>
        <PlusIcon /> Join a room
      </button>
      {of('direct').length > 0 && <List title="People" conversations={of('direct')} desk={desk} go={go} />}
      <p class="me">
        <span class="unseen">You are </span>
        <bdi>{desk.nick}</bdi>
      </p>
    </nav>
  );
}

interface ListProps {
  readonly title: string;
  readonly conversations: readonly Conversation[];
  readonly desk: Desk;
  readonly go: (conversation: Conversation) => void;
}

function List({ title, conversations, desk, go }: ListProps): JSX.Element {
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {conversations.map((each) => (
          <li key={each.key}>
            <button
              type="button"
              class={`row${each.unread > 0 ? ' unread' : ''}${each.expelled === undefined ? '' : ' out'}`}
              aria-current={each === desk.active ? 'page' : undefined}
              onClick={() => go(each)}
            >
              <bdi>{each.name}</bdi>
              {each.draft !== '' && each !== desk.active && <span class="draft">draft</span>}
              {each.unread > 0 && (
                <span class={`count${each.mentioned ? ' mentioned' : ''}`}>
                  {each.mentioned && '@ '}
                  {each.unread > 999 ? '999+' : each.unread}
                  <span class="unseen"> not read</span>
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
