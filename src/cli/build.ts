// The build: one executable with all programs in it and the runtime beside them (`bun run build` makes dist/chorus).
// It needs nothing of this folder afterwards, and takes no settings from the folder that it is started in: neither a
// .env nor a bunfig.toml of whoever stands there is read. Faults in it name lines of the source.
//
//   build [FILE]   where it goes; the preset is dist/chorus
//
// The commit that it says it is made from is git's, or COMMIT of the environment where there is no git, as in an image.

import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { commit } from '../ops/version.ts';

const ROOT = resolve(import.meta.dir, '../..');
const MIB = 1024 * 1024;

const outfile = resolve(process.argv[2] ?? `${ROOT}/dist/chorus`);
const from = commit() ?? process.env.COMMIT ?? '';
const built = await Bun.build({
  entrypoints: [`${ROOT}/src/chorus.ts`],
  compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  define: { BUILT_FROM: JSON.stringify(from) },
  sourcemap: 'inline',
  minify: false,
  throw: false,
});
// The executable has the lines of the source in it; the copy beside it would only have to be carried along.
rmSync(`${outfile}.map`, { force: true });
for (const entry of built.logs) process.stderr.write(`build: ${entry.message}\n`);
if (built.success) process.stdout.write(`${outfile}  ${(Bun.file(outfile).size / MIB).toFixed(0)} MiB\n`);
else process.exitCode = 1;
