// Where a message is written: it grows with its lines, completes names, and says what is wrong with a command before
// anything is sent. Enter sends, Shift with Enter begins a line.

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { escapeText } from '../../../wire/canonical.ts';
import { SendIcon } from '../../look/icons.tsx';
import type { Conversation } from '../model/room.ts';

export interface ComposerProps {
  readonly conversation: Conversation;
  /** Why nothing can be said here; undefined: it can. */
  readonly closed: string | undefined;
  /** Bytes that a message may have, as it is written on the wire. */
  readonly most: number;
  /** Says it or does it; what is wrong with it otherwise. */
  readonly say: (text: string) => string | undefined;
  readonly drafted: (text: string) => void;
}

export function Composer({ conversation, closed, most, say, drafted }: ComposerProps): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(conversation.draft);
  const [wrong, setWrong] = useState<string>();
  const completing = useRef<{ from: number; names: string[]; at: number } | undefined>(undefined);
  useEffect(() => {
    setText(conversation.draft);
    setWrong(undefined);
  }, [conversation]);
  useLayoutEffect(() => {
    // On a phone the keyboard would come over what one wants to read.
    if (closed === undefined && matchMedia('(hover: hover)').matches) field.current?.focus();
    const pressed = ({ key, defaultPrevented }: KeyboardEvent): void => {
      if (key === 'Escape' && !defaultPrevented) field.current?.focus();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [conversation, closed]);
  useLayoutEffect(() => {
    const at = field.current as HTMLTextAreaElement;
    at.style.height = 'auto';
    at.style.height = `${Math.min(at.scrollHeight + 2, innerHeight * 0.4)}px`;
  }, [text, conversation]);
  const change = (next: string): void => {
    setText(next);
    drafted(next);
  };
  const send = (): void => {
    if (text.trim() === '' || closed !== undefined) return;
    const size = escapeText(text).length;
    const objection = size > most ? `That is ${size} bytes; a message has at most ${most}.` : say(text);
    setWrong(objection);
    if (objection === undefined) change('');
  };
  const complete = (back: boolean): boolean => {
    const at = field.current as HTMLTextAreaElement;
    const going = completing.current ?? begin(text, at.selectionStart, [...conversation.people.keys()]);
    if (going === undefined) return false;
    const name = going.names[(going.at + going.names.length) % going.names.length] as string;
    const head = text.slice(0, going.from) + (going.from === 0 ? `${name}: ` : `${name} `);
    const tail = text.slice(at.selectionStart);
    completing.current = { ...going, at: going.at + (back ? -1 : 1) };
    change(head + tail);
    requestAnimationFrame(() => at.setSelectionRange(head.length, head.length));
    return true;
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === 'Tab' && !event.altKey && !event.ctrlKey && complete(event.shiftKey)) {
      event.preventDefault();
      return;
    }
    if (event.key !== 'Shift') completing.current = undefined;
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {wrong !== undefined && (
        <p class="problem" role="alert">
          {wrong}
        </p>
      )}
      <div class="write">
        <textarea
          ref={field}
          rows={1}
          value={text}
          disabled={closed !== undefined}
          placeholder={closed ?? `Say something in ${conversation.name}`}
          aria-label={`Message to ${conversation.name}`}
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={pressed}
        />
        <button
          class="button main"
          type="submit"
          disabled={closed !== undefined || text.trim() === ''}
          aria-label="Send"
        >
          <SendIcon />
        </button>
      </div>
    </form>
  );
}

/** What the word before the cursor may become; undefined when that is nothing. */
function begin(
  text: string,
  cursor: number,
  people: readonly string[],
): { from: number; names: string[]; at: number } | undefined {
  const from = text.slice(0, cursor).search(/[^\s@]*$/);
  const word = text.slice(from, cursor).toLowerCase();
  if (word === '') return undefined;
  const names = people.filter((name) => name.toLowerCase().startsWith(word)).sort();
  return names.length === 0 ? undefined : { from, names, at: 0 };
}
