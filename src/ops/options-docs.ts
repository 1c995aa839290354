// Writes the tables of options into docs/OPERATING.md, between their markers: `bun src/ops/options-docs.ts`. A test
// keeps the page to the table of options, so this is run when a row of it changes.

import { withOptions } from './option-text.ts';

const page = Bun.file(new URL('../../docs/OPERATING.md', import.meta.url));
const text = withOptions(await page.text());
if (text === undefined) throw new Error('docs/OPERATING.md has no options markers');
await page.write(text);
