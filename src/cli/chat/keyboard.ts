// What each key does: to the line that is being typed, to what is looked at, and to the chat. It knows no terminal and no
// server.

import { graphemes } from '../cells.ts';
import { plain } from '../terminal-text.ts';
import { BodyLayout } from './body.ts';
import type { ChatModel } from './chat-model.ts';
import { Completer } from './completion.ts';
import type { Editor } from './editor.ts';
import { InputHistory } from './input-history.ts';
import type { Input } from './keys.ts';
import type { Drawn, Look } from './layout.ts';

/** What keys do beside changing the model. */
export interface Hands {
  readonly model: ChatModel;
  /** What stands on the screen. */
  readonly drawn: Drawn | undefined;
  readonly look: Look;
  /** A line to be obeyed: a command, or words to the room in front. */
  typed(line: string): void;
  /** A text to the room in front, whatever it begins with. */
  speak(text: string): void;
  quit(message: string): void;
  suspend(): void;
  redrawAll(): void;
}

/** How keys are explained. */
export const KEYS: readonly string[] = [
  'Tab              complete a name, a room or a command; again: the next one',
  'Up, Down         what you typed before',
  'PgUp, PgDn       back to what was said before, and forth; Esc goes to the end',
  'Alt-1 to Alt-9   the room of that number; Alt-Left and Alt-Right the ones beside',
  'Alt-A            a room with something unread; * is where it names you',
  'Ctrl-A E U K W Y to the beginning, to the end; delete before, behind, a word; put back',
  'Ctrl-L, Ctrl-Z   draw anew; to the shell, until fg',
  'Ctrl-C           leave, as /quit does; Ctrl-D too, where nothing is typed',
];

/** More lines than this are not said one by one. */
const MOST_SAID = 100;
/** Told where a paste was cut. */
const CUT = 'not all of it: that is more than can be pasted at once';
/** Candidates that are told of. */
const MOST_HINTS = 12;
const EDITS: Readonly<Record<string, (editor: Editor) => void>> = {
  left: (editor) => editor.left(),
  'ctrl-b': (editor) => editor.left(),
  right: (editor) => editor.right(),
  'ctrl-f': (editor) => editor.right(),
  home: (editor) => editor.home(),
  'ctrl-a': (editor) => editor.home(),
  end: (editor) => editor.end(),
  'ctrl-e': (editor) => editor.end(),
  'ctrl-left': (editor) => editor.wordLeft(),
  'alt-b': (editor) => editor.wordLeft(),
  'ctrl-right': (editor) => editor.wordRight(),
  'alt-f': (editor) => editor.wordRight(),
  backspace: (editor) => editor.backspace(),
  delete: (editor) => editor.delete(),
  'ctrl-k': (editor) => editor.killToEnd(),
  'ctrl-u': (editor) => editor.killToStart(),
  'ctrl-w': (editor) => editor.killWordLeft(),
  'alt-backspace': (editor) => editor.killWordLeft(),
  'alt-d': (editor) => editor.killWordRight(),
  'ctrl-y': (editor) => editor.yank(),
};

export class Keyboard {
  readonly #hands: Hands;
  readonly #history = new InputHistory();
  readonly #completer = new Completer();

  constructor(hands: Hands) {
    this.#hands = hands;
  }

  take(input: Input): void {
    const { model } = this.#hands;
    if (input.kind !== 'key' || !input.key.endsWith('tab')) this.#completer.reset();
    if (!this.#isLeaving(input)) model.hint = '';
    if (model.paste !== undefined) return this.#decide(input);
    if (input.kind === 'text') {
      model.front.editor.insert(plain(input.text));
      return;
    }
    if (input.kind === 'paste') return this.#paste(input.text, input.cut);
    const edit = EDITS[input.key];
    if (edit !== undefined) return edit(model.front.editor);
    this.#obey(input.key);
  }

  #obey(key: string): void {
    const { model } = this.#hands;
    const { editor } = model.front;
    const number = /^alt-([0-9])$/.exec(key)?.[1];
    if (number !== undefined) return this.#showNumber(Number(number));
    switch (key) {
      case 'enter':
        return this.#enter();
      case 'tab':
      case 'shift-tab':
        return this.#complete(key === 'shift-tab');
      case 'up':
      case 'ctrl-p':
        return this.#recall(this.#history.older(editor.text));
      case 'down':
      case 'ctrl-n':
        return this.#recall(this.#history.newer());
      case 'page-up':
        return this.#scroll(-1);
      case 'page-down':
        return this.#scroll(1);
      case 'escape':
        model.front.anchor = undefined;
        return;
      case 'alt-left':
        return model.showNext(-1);
      case 'alt-right':
        return model.showNext(1);
      case 'alt-a':
        return model.showUnread();
      case 'ctrl-l':
        return this.#hands.redrawAll();
      case 'ctrl-z':
        return this.#hands.suspend();
      case 'ctrl-c':
        return this.#hands.quit('');
      case 'ctrl-d':
        return editor.text === '' ? this.#hands.quit('') : editor.delete();
    }
  }

  /** A hint about leaving stays until we have left. */
  #isLeaving(input: Input): boolean {
    return input.kind === 'key' && input.key === 'ctrl-c';
  }

  #enter(): void {
    const { front } = this.#hands.model;
    const line = front.editor.take();
    this.#history.add(line);
    front.anchor = undefined;
    this.#hands.typed(line);
  }

  #recall(line: string | undefined): void {
    if (line !== undefined) this.#hands.model.front.editor.set(line);
  }

  #showNumber(number: number): void {
    const { model } = this.#hands;
    const view = model.views[number];
    if (view !== undefined) model.show(view.name);
  }

  #complete(back: boolean): void {
    const { model } = this.#hands;
    const { front } = model;
    const people = model.speakers(front);
    const rooms = model.views.slice(1).map(({ name }) => name);
    const words = this.#completer.complete(front.editor, { people, rooms }, back);
    const more = words.length > MOST_HINTS ? ` and ${words.length - MOST_HINTS} more` : '';
    model.hint = words.length === 0 ? '' : words.slice(0, MOST_HINTS).join('  ') + more;
  }

  /** A page up or down, of which one row is seen again. */
  #scroll(direction: 1 | -1): void {
    const { model, drawn, look } = this.#hands;
    if (drawn === undefined) return;
    const layout = new BodyLayout(model.front, drawn.body, look.glyphs, model.nick);
    model.front.anchor = layout.scrolled(direction * Math.max(1, drawn.body.rows - 1));
  }

  #paste(text: string, cut: boolean): void {
    const { model } = this.#hands;
    const lines = text.split(/\r\n|[\r\n]/).map((line) => plain(line));
    while (lines.at(-1)?.trim() === '') lines.pop();
    if (cut) model.hint = CUT;
    if (lines.length > 1) model.paste = { lines, isLong: lines.length > MOST_SAID };
    else this.#insert(lines[0] ?? '');
  }

  /** What becomes of several lines that were pasted. */
  #decide(input: Input): void {
    const { model } = this.#hands;
    const lines = model.paste?.lines ?? [];
    const key = input.kind === 'text' ? graphemes(input.text)[0]?.toLowerCase() : input.kind === 'key' ? input.key : '';
    if (key === 'ctrl-c') return this.#hands.quit('');
    if (key === 'enter' && model.paste?.isLong) return;
    if (key !== 'enter' && key !== 'j' && key !== 'escape') return;
    model.paste = undefined;
    const said = lines.filter((line) => line.trim() !== '');
    if (key === 'enter') for (const line of said) this.#hands.speak(line);
    if (key === 'j') this.#insert(said.map((line) => line.trim()).join(' '));
  }

  #insert(pasted: string): void {
    const { model } = this.#hands;
    if (!model.front.editor.insert(pasted)) model.hint = CUT;
  }
}
