// The announcer: tells readers of screens what is new in the room that is looked at. It speaks politely, and rests after
// each time: what comes meanwhile is told together, as how much it is and the last of it.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../model/room.ts';

export interface AnnouncerProps {
  readonly conversation: Conversation;
}

const REST_MS = 5000;

export function Announcer({ conversation }: AnnouncerProps): JSX.Element {
  const [words, setWords] = useState('');
  const rests = useRef<ReturnType<typeof setTimeout>>(undefined);
  const speak = (): void => {
    rests.current = undefined;
    const news = conversation.takeNews();
    if (news === undefined) return;
    setWords(news);
    rests.current = setTimeout(speak, REST_MS);
  };
  useEffect(() => {
    if (rests.current === undefined) speak();
  });
  useEffect(() => () => clearTimeout(rests.current), []);
  return (
    <p class="unseen" aria-live="polite">
      {words}
    </p>
  );
}
