// The recordings of what clients ask of the deployment.
import { replayArea } from '../support/golden-area.ts';

replayArea('deploy');
