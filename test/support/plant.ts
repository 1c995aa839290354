// Preloaded into a server: changes one source as it is loaded, as PLANT says (a Change as JSON), so that a fault can be
// planted where the code has no seam for one. A text to be replaced that is not there stops the start.

import { type Change, plantChange } from './mutants.ts';

const planted = process.env.PLANT;
if (planted !== undefined) plantChange(JSON.parse(planted) as Change);
