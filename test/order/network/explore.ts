// Looks at every course that small worlds may take: `bun test/order/network/explore.ts [text in names] [most states]
// [--json]`. courses.ts finds all states; for each end, and for each step of a server that no end's course has, one course
// is run in a real world under the eyes of the checkers. Whatever breaks one is printed with the choices that lead there.

import './open.ts';
import { SMALL_WORLDS } from './small-worlds.ts';

// What they are made of has to be opened before it is loaded.
const { Courses } = await import('./courses.ts');
const { SmallWorld } = await import('./small-world.ts');

/** What was found in one small world. */
export interface Found {
  readonly name: string;
  readonly states: number;
  /** States of single servers. */
  readonly locals: number;
  /** Courses that were run, and how many of them lead to an end of their own. */
  readonly courses: number;
  readonly ends: number;
  /** No state was left out. */
  readonly isWhole: boolean;
  /** What broke, and by which choices; '' for nothing. */
  readonly broken: string;
  readonly seconds: number;
}

type Small = (typeof SMALL_WORLDS)[number];

function explore(options: Small, most: number): Found {
  const started = performance.now();
  const { courses, ends, ...counts } = new Courses(options).all(most);
  let broken = '';
  for (const course of courses) {
    broken = run(options, course);
    if (broken !== '') break;
  }
  const seconds = (performance.now() - started) / 1_000;
  return { name: options.name, ...counts, ends, courses: courses.length, broken, seconds };
}

/** Takes a course, and goes on to an end where it has none; what broke, or ''. */
function run(options: Small, course: readonly string[]): string {
  const taken: string[] = [];
  try {
    const world = new SmallWorld(options);
    for (let [next] = world.choices(); next !== undefined; [next] = world.choices()) {
      const choice = course[taken.length] ?? next;
      taken.push(choice);
      world.choose(choice);
    }
    if (taken.length < course.length) throw new Error('a course that goes on behind its end');
    world.end();
    return '';
  } catch (error) {
    return `${String(error)}\n  ${taken.join(', ')}`;
  }
}

const [text = '', most = 'Infinity'] = process.argv.slice(2).filter((arg) => arg !== '--json');
for (const options of SMALL_WORLDS.filter(({ name }) => name.includes(text))) {
  const found = explore(options, Number(most));
  if (found.broken !== '') process.exitCode = 1;
  if (process.argv.includes('--json')) console.log(JSON.stringify(found));
  else {
    const { name, states, locals, courses, ends, isWhole, seconds, broken } = found;
    const all = isWhole ? 'all' : 'the first';
    const servers = `${locals} of single servers`;
    console.log(
      `${name}: ${all} ${states} states (${servers}), ${ends} ends, ${courses} courses run, ${seconds.toFixed(1)} s`,
    );
    if (broken !== '') console.log(`  ${broken}`);
  }
}
