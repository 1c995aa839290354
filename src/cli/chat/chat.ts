// The chat program: one person, one terminal, any number of rooms (`bun run chat`). It outlives its server: it dials again
// and goes on where it was. On a terminal it takes the whole screen (`full-chat.ts`); in a pipe, with --plain, and where
// the terminal can do no more than print, it shows lines of text (`line-chat.ts`).
// It exits with 2 for bad flags and files, with 1 when the server will not have it, and with 0 otherwise, Ctrl-C included;
// from a pipe with 1 when a line failed as well.

import { accessOrExit } from '../access.ts';
import { optionsOrExit } from '../flags.ts';
import { COLOURLESS, styleFor } from '../terminal-text.ts';
import { ASCII, UNICODE } from './body.ts';
import { FullChat } from './full-chat.ts';
import { LineChat } from './line-chat.ts';
import { readFlags } from './options.ts';

const { env, stdin, stdout } = process;
const options = optionsOrExit('chat', readFlags(process.argv.slice(2), env.USER));
const access = accessOrExit('chat', options);
const style = options.colour ? styleFor(stdout, env) : COLOURLESS;
const isUtf8 = /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
const isFull = !options.plain && stdin.isTTY && stdout.isTTY && env.TERM !== 'dumb';
await (isFull
  ? new FullChat(options, access, { style, glyphs: isUtf8 ? UNICODE : ASCII }).run()
  : new LineChat(options, access, style).run());
