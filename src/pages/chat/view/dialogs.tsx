// The two windows over the chat: the way to a room by its name, and the list of keys. Both are closed by Escape, and give
// the focus back to where it was.

import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { roomKey } from '../../../wire/names.ts';
import { CloseIcon } from '../../look/icons.tsx';
import { COMMANDS } from '../model/commands.ts';
import type { Conversation } from '../model/room.ts';

interface WindowProps {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

function Window({ title, close, children }: WindowProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    const at = dialog.current as HTMLDialogElement;
    at.showModal();
    at.querySelector('input')?.focus();
    at.addEventListener('click', ({ target }) => target === at && close());
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class="window" aria-label={title} onClose={close}>
      <div class="inner">
        <header>
          <h2>{title}</h2>
          <button type="button" class="button plain" onClick={close} aria-label="Close">
            <CloseIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

export interface FinderProps {
  readonly conversations: readonly Conversation[];
  readonly go: (conversation: Conversation) => void;
  readonly join: (name: string) => void;
  readonly close: () => void;
}

/** Where one can go for a name: the rooms that have it, best first, and the one that would be made. */
type Way = { readonly conversation: Conversation } | { readonly join: string };

function waysTo(name: string, conversations: readonly Conversation[]): Way[] {
  const wanted = name.toLowerCase();
  const rank = (each: Conversation): number => {
    const at = each.name.toLowerCase().indexOf(wanted);
    return at === 0 && each.name.length === name.length ? -1 : at;
  };
  const found = conversations.filter((each) => each.name.toLowerCase().includes(wanted));
  const ways: Way[] = found.sort((a, b) => rank(a) - rank(b)).map((conversation) => ({ conversation }));
  const known = found.some((each) => each.kind === 'room' && rank(each) === -1);
  return name === '' || known || roomKey(name) === undefined ? ways : [...ways, { join: name }];
}

export function Finder({ conversations, go, join, close }: FinderProps): JSX.Element {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const name = text.trim();
  const ways = waysTo(name, conversations);
  const at = Math.min(chosen, ways.length - 1);
  const take = (way: Way | undefined): void => {
    if (way === undefined) return;
    if ('join' in way) join(way.join);
    else go(way.conversation);
    close();
  };
  const pressed = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (by === 0 || ways.length === 0) return;
    event.preventDefault();
    const next = (at + by + ways.length) % ways.length;
    setChosen(next);
    document.getElementById(`way-${next}`)?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <Window title="Go to a room" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          take(ways[at]);
        }}
      >
        <input
          class="field"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={pressed}
          placeholder="A room's name"
          aria-label="A room's name"
          role="combobox"
          aria-expanded={ways.length > 0}
          aria-controls="ways"
          aria-activedescendant={at < 0 ? undefined : `way-${at}`}
          autoComplete="off"
          autoCapitalize="off"
          spellcheck={false}
          maxLength={64}
        />
      </form>
      <div class="found" id="ways" role="listbox" aria-label="Rooms">
        {ways.map((way, i) => (
          <button
            key={'join' in way ? 'join' : way.conversation.key}
            type="button"
            class="row"
            id={`way-${i}`}
            role="option"
            aria-selected={i === at}
            tabIndex={-1}
            onClick={() => take(way)}
          >
            {'join' in way ? (
              <>
                Join <strong>{way.join}</strong>
              </>
            ) : (
              <bdi>{way.conversation.name}</bdi>
            )}
            {i === at && <kbd>Enter</kbd>}
          </button>
        ))}
      </div>
      {name !== '' && roomKey(name) === undefined && (
        <p class="hint">A room is called by letters, digits, and . _ - #.</p>
      )}
    </Window>
  );
}

const KEYS = [
  ['Ctrl K', 'go to a room, or join one'],
  ['Alt ↑ ↓', 'the room before, the room after'],
  ['Alt Shift ↑ ↓', 'the next one with something new'],
  ['Enter', 'send'],
  ['Shift Enter', 'begin a new line'],
  ['Tab', 'complete a name'],
  ['Page ↑ ↓', 'read back and forth'],
  ['Escape', 'to the newest, and to where one writes'],
  ['Ctrl /', 'this list'],
] as const;

export function Keys({ close }: { readonly close: () => void }): JSX.Element {
  return (
    <Window title="Keys and commands" close={close}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        {COMMANDS.map(([command, what]) => (
          <div key={command}>
            <dt>
              <code>{command}</code>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Window>
  );
}
