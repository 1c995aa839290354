// What is about to be done to the network, said once more before it is: what it is, whom it concerns, and the words that
// they are told. Nothing is done without a second press.

import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Act } from '../model/api.ts';

/** An act that waits for its confirmation. */
export interface Question {
  readonly title: string;
  /** What follows from it. */
  readonly warning: string;
  readonly confirm: string;
  /** What the words are called that are asked for. */
  readonly asks: string;
  readonly preset: string;
  readonly act: (words: string) => Act;
}

export interface ConfirmProps {
  readonly question: Question;
  readonly act: (act: Act) => Promise<void>;
  readonly close: () => void;
}

export function Confirm({ question, act, close }: ConfirmProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [words, setWords] = useState(question.preset);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  useLayoutEffect(() => {
    const before = document.activeElement;
    const at = dialog.current as HTMLDialogElement;
    at.showModal();
    at.querySelector('input')?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (words.trim() === '' || busy) return;
    setBusy(true);
    try {
      await act(question.act(words.trim()));
      close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} class="window" aria-label={question.title} onClose={close}>
      <form class="inner" onSubmit={(event) => void submit(event)}>
        <h2>{question.title}</h2>
        <p class="soft">{question.warning}</p>
        <label>
          {question.asks}
          <input class="field" value={words} maxLength={400} onInput={(event) => setWords(event.currentTarget.value)} />
        </label>
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <div class="choices">
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button danger" disabled={busy || words.trim() === ''}>
            {question.confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
