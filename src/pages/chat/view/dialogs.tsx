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

export function Finder({ conversations, go, join, close }: FinderProps): JSX.Element {
  const [text, setText] = useState('');
  const name = text.trim();
  const found = conversations.filter((each) => each.name.toLowerCase().includes(name.toLowerCase()));
  const exact = found.some((each) => each.name.toLowerCase() === name.toLowerCase());
  const first = found[0];
  const submit = (event: Event): void => {
    event.preventDefault();
    if (name !== '' && !exact && roomKey(name) !== undefined) join(name);
    else if (first !== undefined) go(first);
    else return;
    close();
  };
  return (
    <Window title="Go to a room" close={close}>
      <form onSubmit={submit}>
        <input
          class="field"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          placeholder="A room's name"
          aria-label="A room's name"
          autoComplete="off"
          autoCapitalize="off"
          spellcheck={false}
          maxLength={64}
        />
      </form>
      <ul class="found">
        {name !== '' && !exact && (
          <li>
            {roomKey(name) === undefined ? (
              <p class="hint">A room is called by letters, digits, and . _ - #.</p>
            ) : (
              <button type="button" class="row" onClick={submit}>
                Join <strong>{name}</strong> <kbd>Enter</kbd>
              </button>
            )}
          </li>
        )}
        {found.map((each) => (
          <li key={each.key}>
            <button
              type="button"
              class="row"
              onClick={() => {
                go(each);
                close();
              }}
            >
              <bdi>{each.name}</bdi>
            </button>
          </li>
        ))}
      </ul>
    </Window>
  );
}

const KEYS = [
  ['Ctrl K', 'go to a room, or join one'],
  ['Alt ↑  Alt ↓', 'the room before, the room after'],
  ['Alt Shift ↑  Alt Shift ↓', 'the next one with something new'],
  ['Enter', 'send'],
  ['Shift Enter', 'begin a new line'],
  ['Tab', 'complete a name'],
  ['Page up  Page down', 'read back and forth'],
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
              {keys.split('  ').map((each) => (
                <kbd key={each}>{each}</kbd>
              ))}
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
