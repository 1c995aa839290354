// The command line of the benches. Every mistake is found and named at once, and nothing runs when there is one.

export const SUITES = ['wire', 'fanout', 'order', 'client', 'allocations', 'sockets', 'mesh', 'load'] as const;
export type SuiteName = (typeof SUITES)[number];

export interface Command {
  /** In the order of SUITES, each once. */
  readonly suites: readonly SuiteName[];
  /** Where the results are written as JSON. */
  readonly json: string | undefined;
  /** Every bench once and tiny: shows that it runs, measures nothing. */
  readonly smoke: boolean;
  /** Whether others that are installed are measured beside us. */
  readonly peers: boolean;
}

export type ReadCommand =
  | { readonly command: Command }
  | { readonly problems: readonly string[] }
  | { readonly help: true };

export const HELP = `Usage: bun run bench [--only NAME,…] [--peers] [--json FILE] [--smoke]

  --only NAME,…   run these alone: ${SUITES.join(', ')}
  --peers         redis and nats beside us on the same work, where they are installed; without --only, that alone
  --json FILE     write the results and the machine to FILE as well
  --smoke         run everything once and tiny, in a few seconds; the figures mean nothing
`;

/** Reads the arguments behind the program's name. */
export function readCommand(argv: readonly string[]): ReadCommand {
  const problems: string[] = [];
  let suites: readonly SuiteName[] | undefined;
  let json: string | undefined;
  let smoke = false;
  let peers = false;
  for (let i = 0; i < argv.length; i++) {
    const [flag = '', inline] = split(argv[i] as string);
    const value = (): string => {
      const text = inline ?? argv[++i] ?? '';
      if (text === '' || text.startsWith('--')) problems.push(`${flag} has no value`);
      return text;
    };
    if (flag === '--help' || flag === '-h') return { help: true };
    if (flag === '--only') suites = readSuites(value(), problems);
    else if (flag === '--json') json = value();
    else if (flag === '--smoke' && inline === undefined) smoke = true;
    else if (flag === '--peers' && inline === undefined) peers = true;
    else problems.push(`unknown argument ${JSON.stringify(argv[i])}`);
  }
  if (problems.length > 0) return { problems };
  return { command: { suites: suites ?? (peers ? [] : SUITES), json, smoke, peers } };
}

function split(word: string): [string, string?] {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}

function readSuites(text: string, problems: string[]): readonly SuiteName[] {
  const wanted = text.split(',').filter((name) => name !== '' && !name.startsWith('--'));
  for (const name of wanted) {
    if (!SUITES.some((known) => known === name)) {
      problems.push(`--only ${JSON.stringify(name)}: expected some of ${SUITES.join(', ')}`);
    }
  }
  return SUITES.filter((name) => wanted.includes(name));
}
