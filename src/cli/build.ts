// The build: one executable with all programs in it and the runtime beside them (`bun run build` makes dist/chorus).
// It needs nothing of this folder afterwards, and takes no settings from the folder that it is started in: neither a
// .env nor a bunfig.toml of whoever stands there is read. Faults in it name lines of the source.
//
//   build [FILE]   where it goes; the preset is dist/chorus
//
// It exits with 1 when it could not be built, and with 2 when the arguments are wrong. The commit that the executable says
// it is made from is git's, or COMMIT of the environment where there is no git, as in an image.

import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { commit } from '../ops/version.ts';
import { bundle, PAGES } from '../pages/bundle.ts';
import { type Flags, optionsOrExit, parseFlags, shown } from './flags.ts';

const ROOT = resolve(import.meta.dir, '../..');
const MIB = 1024 * 1024;

const USAGE = `Usage: bun run build [FILE]

Makes one executable of all programs, with the runtime in it (some 110 MB).

  FILE    where it goes (dist/chorus)
  --help  this text`;

function readBuildFlags(args: readonly string[]): Flags<{ readonly outfile: string }> {
  const files = args.filter((arg) => !arg.startsWith('-'));
  const values = parseFlags(
    args.filter((arg) => arg.startsWith('-')),
    {},
  );
  if (typeof values === 'string') return { wrong: values };
  if (values.help) return { help: USAGE };
  if (files.length > 1) return { wrong: `one FILE is made, and not ${files.map(shown).join(' and ')}` };
  return { options: { outfile: resolve(files[0] ?? `${ROOT}/dist/chorus`) } };
}

/** Puts the pages themselves where a server from source would build them. A build cannot wait for one inside of it. */
async function finishedPages(): Promise<Bun.BunPlugin> {
  const pages = await Promise.all(PAGES.map(async (name) => [name, await bundle(name)] as const));
  const files = JSON.stringify(Object.fromEntries(pages));
  const contents = `const files = ${files}; export const pageFiles = async (name) => files[name];`;
  return {
    name: 'pages',
    setup: ({ onLoad }) => {
      onLoad({ filter: /[\\/]src[\\/]pages[\\/]files\.ts$/ }, () => ({ loader: 'js', contents }));
    },
  };
}

const { outfile } = optionsOrExit('build', readBuildFlags(process.argv.slice(2)));
const from = commit() ?? process.env.COMMIT ?? '';
const built = await Bun.build({
  entrypoints: [`${ROOT}/src/chorus.ts`],
  compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  define: { BUILT_FROM: JSON.stringify(from) },
  plugins: [await finishedPages()],
  sourcemap: 'inline',
  minify: false,
  throw: false,
});
// The executable has the lines of the source in it; the copy beside it would only have to be carried along.
rmSync(`${outfile}.map`, { force: true });
for (const entry of built.logs) process.stderr.write(`build: ${entry.message}\n`);
if (built.success) process.stdout.write(`${outfile}  ${(Bun.file(outfile).size / MIB).toFixed(0)} MiB\n`);
else process.exitCode = 1;
