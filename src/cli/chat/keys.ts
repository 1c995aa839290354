// What a terminal sends, as keys, typed text and pastes. Chunks end anywhere: what may go on is kept until more comes, or
// until the caller says that nothing does. It knows no meaning of any key; what no key of ours sends is passed over.

export type Input =
  | { readonly kind: 'key'; readonly key: string }
  /** Typed: no control character is in it. */
  | { readonly kind: 'text'; readonly text: string }
  /** Pasted, line ends and all; `cut` when there was more than is kept. */
  | { readonly kind: 'paste'; readonly text: string; readonly cut: boolean };

const ESC = '\u001b';
const PASTE_BEGIN = `${ESC}[200~`;
const PASTE_END = `${ESC}[201~`;
const PASTE_MOST = 64 * 1024;
/** No key sends a longer sequence. */
const SEQUENCE_MOST = 32;
/** A whole sequence: CSI, SS3, or ESC before what a key sends without Alt. */
const SEQUENCE = new RegExp(`^(?:${ESC}\\[[0-?]*[ -/]*[@-~]|${ESC}O[ -~]|${ESC}[^\\[O${ESC}])`, 'u');
const PART = new RegExp(`^${ESC}(?:\\[[0-?]*[ -/]*|O)?$`);
const TYPED = /^\P{Cc}+/u;

const CONTROLS: ReadonlyMap<string, string> = new Map([
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\t', 'tab'],
  ['\u007f', 'backspace'],
  ['\b', 'backspace'],
  [ESC, 'escape'],
]);
const FINAL: Readonly<Record<string, string>> = {
  ...{ A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end', Z: 'shift-tab' },
};
const NUMBERED: Readonly<Record<string, string>> = {
  ...{ 1: 'home', 3: 'delete', 4: 'end', 5: 'page-up', 6: 'page-down', 7: 'home', 8: 'end' },
};
/** The second number of a sequence with modifiers, less one, is bits: 1 shift, 2 alt, 4 control. */
const MODIFIERS: readonly string[] = ['', 'shift-', 'alt-', 'alt-', 'ctrl-', 'ctrl-', 'ctrl-', 'ctrl-'];

export class KeyDecoder {
  #held = '';
  /** What was pasted so far; undefined outside of a paste. */
  #paste: string | undefined;
  #cut = false;

  /** Whether something is held that may be a key by itself, should nothing follow soon. */
  get isWaiting(): boolean {
    return this.#held !== '' && this.#paste === undefined;
  }

  feed(text: string): Input[] {
    this.#held += text;
    const inputs: Input[] = [];
    while (this.#held !== '' && this.#step(inputs)) {}
    return inputs;
  }

  /** Nothing followed: what is held is what it is by itself. */
  flush(): Input[] {
    if (!this.isWaiting) return [];
    const isEscape = this.#held === ESC;
    this.#held = '';
    return isEscape ? [{ kind: 'key', key: 'escape' }] : [];
  }

  /** Takes one input off what is held; false when that has to wait for more. */
  #step(inputs: Input[]): boolean {
    if (this.#paste !== undefined) return this.#stepPaste(inputs);
    const held = this.#held;
    const [typed] = TYPED.exec(held) ?? [];
    if (typed !== undefined) return this.#took(typed.length, inputs, { kind: 'text', text: typed });
    if (!held.startsWith(ESC)) return this.#took(1, inputs, keyInput(controlKey(held.charAt(0))));
    if (held.startsWith(PASTE_BEGIN)) {
      this.#paste = '';
      this.#cut = false;
      return this.#took(PASTE_BEGIN.length, inputs, undefined);
    }
    const [sequence] = SEQUENCE.exec(held) ?? [];
    if (sequence !== undefined) return this.#took(sequence.length, inputs, keyInput(sequenceKey(sequence)));
    if (PART.test(held) && held.length < SEQUENCE_MOST) return false;
    return this.#took(1, inputs, keyInput('escape'));
  }

  #stepPaste(inputs: Input[]): boolean {
    const end = this.#held.indexOf(PASTE_END);
    // The end itself may come in two chunks.
    const length = end < 0 ? this.#held.length - PASTE_END.length + 1 : end;
    if (length > 0) {
      const text = (this.#paste ?? '') + this.#held.slice(0, length);
      this.#cut ||= text.length > PASTE_MOST;
      this.#paste = text.slice(0, PASTE_MOST);
      this.#held = this.#held.slice(length);
    }
    if (end < 0) return false;
    const paste = { kind: 'paste', text: this.#paste ?? '', cut: this.#cut } as const;
    this.#paste = undefined;
    return this.#took(PASTE_END.length, inputs, paste);
  }

  #took(length: number, inputs: Input[], input: Input | undefined): true {
    this.#held = this.#held.slice(length);
    if (input !== undefined) inputs.push(input);
    return true;
  }
}

function keyInput(key: string | undefined): Input | undefined {
  return key === undefined ? undefined : { kind: 'key', key };
}

function controlKey(char: string): string | undefined {
  const code = char.charCodeAt(0);
  return CONTROLS.get(char) ?? (code > 0 && code < 27 ? `ctrl-${String.fromCharCode(code + 96)}` : undefined);
}

function sequenceKey(sequence: string): string | undefined {
  if (sequence[1] !== '[' && sequence[1] !== 'O') return altKey(sequence.slice(1));
  const final = sequence.slice(-1);
  const [number = '', modifiers = '1'] = sequence.slice(2, -1).split(';');
  const name = final === '~' ? NUMBERED[number] : FINAL[final];
  const modifier = MODIFIERS[Number(modifiers) - 1];
  return name === undefined || modifier === undefined ? undefined : modifier + name;
}

function altKey(char: string): string | undefined {
  if (/^[ -~]$/.test(char)) return `alt-${char}`;
  const key = controlKey(char);
  return key === undefined ? undefined : `alt-${key}`;
}
