// Commands that are typed where messages are: a line that begins with one slash. Two slashes say a line that begins with
// one. What is no command is never said by mistake.

import type { Conversation } from './room.ts';
import type { Talk } from './talk.ts';

export const COMMANDS = [
  ['/join room', 'go into a room, or make it'],
  ['/leave', 'leave this room'],
  ['/nick name', 'take another name'],
  ['/msg name text', 'talk with one person alone'],
  ['/help', 'show this list'],
] as const;

/** What a line asks for: a message to be said, something that was done, or a word on what is wrong. */
export type Obeyed =
  | { readonly say: string }
  | { readonly done: true }
  | { readonly wrong: string }
  | { readonly help: true };

export function obey(talk: Talk, conversation: Conversation, line: string): Obeyed {
  if (!line.startsWith('/')) return { say: line };
  if (line.startsWith('//')) return { say: line.slice(1) };
  const [word = '', ...rest] = line.slice(1).split(/\s+/);
  const [first = ''] = rest;
  switch (word.toLowerCase()) {
    case 'join':
      if (first === '') return { wrong: 'Which room? /join room' };
      void talk.join(first);
      return { done: true };
    case 'leave':
      void talk.leave(conversation);
      return { done: true };
    case 'nick':
      if (first === '') return { wrong: 'Which name? /nick name' };
      void talk.rename(first);
      return { done: true };
    case 'msg': {
      const text = line.replace(/^\/\S+\s+\S+\s*/, '');
      if (first === '') return { wrong: 'To whom? /msg name text' };
      talk.talkTo(first);
      const at = talk.desk.active;
      if (text !== '' && at !== undefined) void talk.send(at, text);
      return { done: true };
    }
    case 'help':
      return { help: true };
    default:
      return { wrong: `There is no command /${word}. /help lists those that there are; //${word} says it.` };
  }
}
