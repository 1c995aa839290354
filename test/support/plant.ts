// Preloaded into a server: changes one source as it is loaded, as PLANT says, so that a fault can be planted where the
// code has no seam for one. A text to be replaced that is not there stops the start.

import { plugin } from 'bun';

/** In the file whose path ends with `file`, the first `from` becomes `to`. */
export interface Plant {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const planted = process.env.PLANT;
if (planted !== undefined) {
  const { file, from, to } = JSON.parse(planted) as Plant;
  const path = new RegExp(`/${file.replaceAll('.', '\\.')}$`);
  plugin({
    name: 'plant',
    setup(build) {
      build.onLoad({ filter: path }, async (source) => {
        const text = await Bun.file(source.path).text();
        if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
        return { contents: text.replace(from, () => to), loader: 'ts' };
      });
    },
  });
}
