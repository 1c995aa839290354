// Generating streams from a seed: frames as the grammar has them, then mutations of the kind that breaks readers.
// The same seed gives the same streams on every machine.

export type Random = (below: number) => number;

/** Whole numbers from 0 to `below` - 1, by the mulberry32 generator. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

const BITS = ['<', '<', '>', '>', ',', ',', '\\', '\\', ' ', '\n', '\t', '\r', '\0', 'a', 'Z', '_', '9', '-', 'PING'];
const CODE_POINTS = ['\xc3\xa9', '\xe6\x97\xa5', '\xf0\x9f\x98\x80', '\xc2\x80', '\xef\xbf\xbf', '\xf4\x8f\xbf\xbf'];
const ILL_FORMED = [
  '\x80',
  '\xbf',
  '\xc0',
  '\xc1\xbf',
  '\xc3',
  '\xe0\x9f\xbf',
  '\xe0\xa0',
  '\xed\xa0\x80',
  '\xe6\x97',
  '\xf0\x8f\xbf\xbf',
  '\xf0\x9f',
  '\xf0\x9f\x98',
  '\xf4\x90\x80\x80',
  '\xf5\x80',
  '\xff',
  '\xc3\\\xa9',
  '\xe6\\\x97\xa5',
];
const VERBS = ['PING', 'csend', 'C', 'JoinRoom', 'A'.repeat(31), 'A'.repeat(32), '_9', 'X-Y', 'QUIT'];
const WHITE = [' ', '\t', '\r', '\n', '\r\n', '  '];

/** A stream of some frames with what goes wrong around and inside them, a character a byte. */
export function generateStream(random: Random): string {
  if (random(8) === 0) return soup(random, 1 + random(24));
  let stream = '';
  for (let frames = 1 + random(5); frames > 0; frames--) {
    if (random(6) === 0) stream += soup(random, 1 + random(4));
    stream += random(5) === 0 ? '' : gap(random);
    stream += generateFrame(random);
  }
  for (let mutations = [0, 0, 1, 1, 2, 5][random(6)] as number; mutations > 0; mutations--) {
    stream = mutate(stream, random);
  }
  return stream;
}

function generateFrame(random: Random): string {
  let frame = `<${white(random)}${pick(VERBS, random)}${white(random)}`;
  for (let args = random(12) === 0 ? random(9) : random(4); args > 0; args--) {
    frame += `,${white(random)}${argument(random)}${white(random)}`;
  }
  return `${frame}>`;
}

function argument(random: Random): string {
  let text = '';
  for (let parts = random(5); parts > 0; parts--) {
    const kind = random(12);
    if (kind < 4) text += 'text of a message '.slice(random(8), 8 + random(10));
    else if (kind < 6) text += `\\${pick(BITS, random)}`;
    else if (kind < 8) text += pick(CODE_POINTS, random);
    else if (kind < 9) text += `\\${pick(CODE_POINTS, random)}`;
    else if (kind < 10) text += pick(WHITE, random);
    else if (kind < 11) text += 'x'.repeat(random(40));
    else text += random(4) === 0 ? pick(ILL_FORMED, random) : 'n';
  }
  return text;
}

function mutate(stream: string, random: Random): string {
  const at = random(stream.length + 1);
  const before = stream.slice(0, at);
  const after = stream.slice(at);
  switch (random(7)) {
    case 0:
      return before + after.slice(1);
    case 1:
      return before + pick(BITS, random) + after;
    case 2:
      return before + pick(BITS, random) + after.slice(1);
    case 3:
      return before + String.fromCharCode(random(256)) + after.slice(1);
    case 4:
      return before + pick(ILL_FORMED, random) + after;
    case 5:
      return before + stream.slice(random(stream.length + 1)) + after.slice(random(4));
    default:
      return before + pick(['<', '>', ',', '\\', ' '], random).repeat(1 + random(9)) + after;
  }
}

function soup(random: Random, parts: number): string {
  let text = '';
  for (; parts > 0; parts--) text += random(6) === 0 ? pick(ILL_FORMED, random) : pick(BITS, random);
  return text;
}

function gap(random: Random): string {
  return random(3) === 0 ? '\n' : white(random) + white(random);
}

function white(random: Random): string {
  return random(4) === 0 ? pick(WHITE, random) : '';
}

function pick(from: readonly string[], random: Random): string {
  return from[random(from.length)] as string;
}

/** Some places to cut a stream at, rising; now and then the same one twice. */
export function generateCuts(length: number, random: Random): number[] {
  const cuts = Array.from({ length: random(2 + (length >> 2)) }, () => random(length + 1));
  return cuts.sort((a, b) => a - b);
}
