// The recordings of what each role may do, asked by each.
import { replayArea } from '../support/golden-area.ts';

replayArea('rbac-matrix');
