// The log of a conversation. It is drawn block by block, and only blocks that were replaced are drawn again; those that
// are out of sight cost the browser nothing. It stays at the end while one is there, and where one reads otherwise. What
// is new in it is told to readers of screens by the announcer: a log that tells all of itself is never done in a busy room.

import { Component, type JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { DownIcon } from '../../look/icons.tsx';
import type { Block, Line } from '../model/lines.ts';
import type { Conversation, Unsettled } from '../model/room.ts';
import { hueOf, partsOf, shown } from '../model/text.ts';

export interface LogProps {
  readonly conversation: Conversation;
  readonly nick: string;
  readonly retry: (message: Unsettled) => void;
  readonly forget: (message: Unsettled) => void;
  /** What was said before is wanted. */
  readonly recall: () => void;
}

const NEAR_PX = 48;

export function Log({ conversation, nick, retry, forget, recall }: LogProps): JSX.Element {
  const { blocks } = conversation.lines;
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const height = useRef({ first: '', scroll: 0 });
  const [away, setAway] = useState(false);
  useLayoutEffect(() => {
    const at = scroller.current;
    if (at === null) return;
    const first = blocks[0]?.key ?? '';
    if (atEnd.current) at.scrollTop = at.scrollHeight;
    else if (first !== height.current.first) at.scrollTop += at.scrollHeight - height.current.scroll;
    height.current = { first, scroll: at.scrollHeight };
  });
  const toEnd = (): void => {
    atEnd.current = true;
    setAway(false);
    const at = scroller.current as HTMLDivElement;
    at.scrollTop = at.scrollHeight;
  };
  useLayoutEffect(() => {
    const at = scroller.current as HTMLDivElement;
    // It is read with the keys: what scrolls takes the focus.
    at.tabIndex = 0;
    const sized = new ResizeObserver(() => {
      if (atEnd.current) at.scrollTop = at.scrollHeight;
    });
    sized.observe(at);
    const pressed = ({ key, target }: KeyboardEvent): void => {
      const by = key === 'PageUp' ? -1 : key === 'PageDown' ? 1 : 0;
      // What is closed by it takes nobody away from where they read.
      if (key === 'Escape') return (target as Element).closest('dialog') === null ? toEnd() : undefined;
      if (by !== 0 && target !== at) at.scrollBy({ top: by * 0.8 * at.clientHeight });
    };
    addEventListener('keydown', pressed);
    return () => {
      sized.disconnect();
      removeEventListener('keydown', pressed);
    };
  }, []);
  const scrolled = (): void => {
    const at = scroller.current as HTMLDivElement;
    atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < NEAR_PX;
    setAway(!atEnd.current);
    if (at.scrollTop < NEAR_PX) recall();
  };
  const mark = conversation.readTo === conversation.lines.last?.key ? undefined : conversation.readTo;
  const quiet = blocks.length === 0 && conversation.unsettled.length === 0;
  return (
    <div class="log-frame">
      <div
        class="log"
        role="log"
        aria-label={`Messages in ${conversation.name}`}
        aria-live="off"
        ref={scroller}
        onScroll={scrolled}
      >
        {conversation.history === 'asked' && <p class="hint">Asking for what was said before …</p>}
        {quiet && conversation.history !== 'asked' && <Quiet conversation={conversation} />}
        {blocks.map((block) => (
          <BlockView key={block.key} block={block} mark={markIn(block, mark)} />
        ))}
        {conversation.unsettled.map((message) => (
          <UnsettledView key={message.id} message={message} nick={nick} retry={retry} forget={forget} />
        ))}
      </div>
      {away && (
        <button type="button" class="button to-end" onClick={toEnd}>
          <DownIcon /> To the newest
        </button>
      )}
    </div>
  );
}

function Quiet({ conversation: { kind, name } }: { readonly conversation: Conversation }): JSX.Element {
  return (
    <div class="nothing">
      <h2>{kind === 'room' ? 'Nothing was said here yet' : `Between you and ${name}`}</h2>
      <p>
        {kind === 'room'
          ? `Say the first word in ${name}. Everybody hears it in the same place.`
          : 'What you write here reaches nobody else, and is not kept.'}
      </p>
    </div>
  );
}

function markIn(block: Block, mark: string | undefined): string | undefined {
  return mark !== undefined && block.lines.some(({ key }) => key === mark) ? mark : undefined;
}

interface BlockProps {
  readonly block: Block;
  /** The line behind which everything is new. */
  readonly mark: string | undefined;
}

class BlockView extends Component<BlockProps> {
  override shouldComponentUpdate(next: BlockProps): boolean {
    return next.block !== this.props.block || next.mark !== this.props.mark;
  }

  override render(): JSX.Element {
    const { block, mark } = this.props;
    return (
      <div class="block">
        {block.lines.map((line) => (
          <LineView key={line.key} line={line} isMark={line.key === mark} />
        ))}
      </div>
    );
  }
}

interface LineProps {
  readonly line: Line;
  readonly isMark: boolean;
}

class LineView extends Component<LineProps> {
  override shouldComponentUpdate(next: LineProps): boolean {
    return next.line !== this.props.line || next.isMark !== this.props.isMark;
  }

  override render(): JSX.Element {
    const { line, isMark } = this.props;
    return (
      <>
        {drawn(line)}
        {isMark && (
          <div class="new-mark">
            <span>New</span>
          </div>
        )}
      </>
    );
  }
}

function drawn(line: Line): JSX.Element {
  switch (line.kind) {
    case 'day':
      return (
        <div class="day">
          <span>{DAY.format(line.time)}</span>
        </div>
      );
    case 'note':
      return (
        <p class={`note ${line.tone}`} title={line.detail}>
          {line.text}
        </p>
      );
    case 'message':
      return (
        <div class={`message${line.follows ? ' follows' : ''}${line.mention ? ' mention' : ''}`}>
          <div class="by">
            <span class="nick" style={{ '--hue': hueOf(line.nick) }}>
              <bdi>{line.nick}</bdi>
            </span>
            <Clock at={line.time} />
          </div>
          <p class="text" dir="auto">
            {partsOf(line.text).map(({ text, link }) =>
              link ? (
                <a href={text} target="_blank" rel="noopener noreferrer nofollow">
                  {text}
                </a>
              ) : (
                text
              ),
            )}
          </p>
        </div>
      );
  }
}

interface UnsettledProps {
  readonly message: Unsettled;
  readonly nick: string;
  readonly retry: (message: Unsettled) => void;
  readonly forget: (message: Unsettled) => void;
}

function UnsettledView({ message, nick, retry, forget }: UnsettledProps): JSX.Element {
  const { text, failed } = message;
  return (
    <div class={`message unsettled${failed === undefined ? '' : ' failed'}`}>
      <div class="by">
        <span class="nick" style={{ '--hue': hueOf(nick) }}>
          <bdi>{nick}</bdi>
        </span>
        <span class="state">{failed === undefined ? 'sending …' : 'not sent'}</span>
      </div>
      <p class="text" dir="auto">
        {shown(text)}
      </p>
      {failed !== undefined && (
        <p class="problem" role="alert">
          {failed}{' '}
          <button type="button" class="link" onClick={() => retry(message)}>
            Try again
          </button>{' '}
          <button type="button" class="link" onClick={() => forget(message)}>
            Let it be
          </button>
        </p>
      )}
    </div>
  );
}

const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

function Clock({ at }: { readonly at: number }): JSX.Element {
  return (
    <time dateTime={new Date(at).toISOString()} title={EXACT.format(at)}>
      {TIME.format(at)}
    </time>
  );
}
