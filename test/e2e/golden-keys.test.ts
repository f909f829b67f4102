// The recordings of keys and tokens.
import { replayArea } from '../support/golden-area.ts';

replayArea('keys');
