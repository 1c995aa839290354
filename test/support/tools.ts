// Tools: programs that some tests need beside Bun (tmux, a browser). On a developer's machine a missing one skips the
// tests that need it, and says so; where CI is set it is a failure, so that no test is skipped for ever unseen.
//
//   const tmux = requireTool('tmux');
//   describe.skipIf(tmux === undefined)('the chat screen (needs tmux)', () => { … });

/** The path of the first of `names` on PATH; undefined, with a line on stderr, when none is there. Throws under CI. */
export function requireTool(...names: readonly string[]): string | undefined {
  for (const name of names) {
    const path = Bun.which(name);
    if (path !== null) return path;
  }
  const wanted = names.join(' or ');
  if (isSet(process.env.CI)) throw new Error(`${wanted} is not installed, and CI may not skip the tests that need it`);
  console.error(`skipping what needs ${wanted}: it is not installed`);
  return undefined;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
