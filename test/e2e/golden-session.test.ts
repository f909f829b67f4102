// The recordings of sessions, sign-in and HTTP itself.
import { replayArea } from '../support/golden-area.ts';

replayArea('session');
