// Preloaded to plant a bug in the ordering over several servers.

import { plant } from '../../support/mutants.ts';
import { MUTANTS } from './mutants.ts';

plant(MUTANTS);
