// Writes what is made from tables in the source: the tables in docs/OPERATING.md, between their markers, and
// docs/chorus.example.toml. `bun src/ops/options/options-docs.ts`: a test keeps both to the tables, so this is run when a row of
// one changes.

import { metricsMarkdown } from '../http/metric-table.ts';
import { withOptions, withTable } from './option-text.ts';
import { exampleToml } from './option-toml.ts';

const page = Bun.file(new URL('../../../docs/OPERATING.md', import.meta.url));
const options = withOptions(await page.text());
const text = options === undefined ? undefined : withTable(options, 'metrics', metricsMarkdown());
if (text === undefined) throw new Error('docs/OPERATING.md lacks the markers of its tables');
await page.write(text);
await Bun.file(new URL('../../../docs/chorus.example.toml', import.meta.url)).write(exampleToml());
