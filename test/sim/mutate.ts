// Preloaded to plant a bug in the server.

import { plant } from '../support/mutants.ts';
import { MUTANTS } from './mutants.ts';

plant(MUTANTS);
