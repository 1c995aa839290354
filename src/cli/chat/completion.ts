// Completing the word before the cursor: a command, a room or somebody's name, as its place asks for. The same key again
// puts the next one that fits there; any other key ends that.

import { foldNick, roomKey } from '../../wire/names.ts';
import { COMMANDS } from './commands.ts';
import type { Editor } from './editor.ts';

/** What may be completed to, the likeliest first. */
export interface Known {
  readonly people: readonly string[];
  readonly rooms: readonly string[];
}

interface Cycle {
  readonly start: number;
  readonly words: readonly string[];
  at: number;
  end: number;
}

export class Completer {
  #cycle: Cycle | undefined;

  /** Completes, or goes on to the next one that fits; returns what fits, when that is more than one. */
  complete(editor: Editor, known: Known, back: boolean): readonly string[] {
    const cycle = this.#cycle ?? begin(editor, known);
    if (cycle === undefined) return [];
    const { length } = cycle.words;
    cycle.at = this.#cycle === undefined ? (back ? length - 1 : 0) : (cycle.at + (back ? length - 1 : 1)) % length;
    this.#cycle = cycle;
    const word = cycle.words[cycle.at] ?? '';
    editor.replace(cycle.start, cycle.end, word);
    cycle.end = cycle.start + word.length;
    return length > 1 ? cycle.words.map((each) => each.trimEnd()) : [];
  }

  /** Another key was pressed. */
  reset(): void {
    this.#cycle = undefined;
  }
}

function begin({ text, cursor }: Editor, known: Known): Cycle | undefined {
  const before = text.slice(0, cursor);
  const start = before.search(/\S*$/);
  const words = fitting(before.slice(start), before.slice(0, start), known);
  return words.length === 0 ? undefined : { start, words, at: 0, end: cursor };
}

/** The words that `word` may become where `before` stands before it, with what follows them. */
function fitting(word: string, before: string, { people, rooms }: Known): string[] {
  if (before === '' && word.startsWith('/') && !word.startsWith('//')) {
    const name = word.slice(1).toLowerCase();
    return COMMANDS.filter((command) => command.name.startsWith(name)).map((command) => `/${command.name} `);
  }
  const [, name] = /^\/(\w+)\s+$/.exec(before) ?? [];
  const takes = COMMANDS.find((command) => command.name === name?.toLowerCase())?.takes;
  if (takes === 'room') return roomsLike(word, rooms).map((room) => `${room} `);
  if (takes === 'nick') return peopleLike(word, people).map((nick) => `${nick} `);
  if (word === '') return [];
  const named = peopleLike(word, people).map((nick) => `${nick}${before === '' ? ': ' : ' '}`);
  return named.length > 0 ? named : roomsLike(word, rooms).map((room) => `${room} `);
}

function peopleLike(word: string, people: readonly string[]): string[] {
  return people.filter((nick) => foldNick(nick).startsWith(foldNick(word)));
}

function roomsLike(word: string, rooms: readonly string[]): string[] {
  const key = roomKey(word) ?? word;
  return rooms.filter((room) => (roomKey(room) ?? room).startsWith(key));
}
