// Writes what is made from the table of options: the tables in docs/OPERATING.md, between their markers, and
// docs/chorus.example.toml. `bun src/ops/options-docs.ts`: a test keeps both to the table, so this is run when a row of
// it changes.

import { withOptions } from './option-text.ts';
import { exampleToml } from './option-toml.ts';

const page = Bun.file(new URL('../../docs/OPERATING.md', import.meta.url));
const text = withOptions(await page.text());
if (text === undefined) throw new Error('docs/OPERATING.md has no options markers');
await page.write(text);
await Bun.file(new URL('../../docs/chorus.example.toml', import.meta.url)).write(exampleToml());
