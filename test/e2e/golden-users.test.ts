// The recordings of users.
import { replayArea } from '../support/golden-area.ts';

replayArea('users');
