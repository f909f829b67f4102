// The recordings of the settings of sync with an identity provider.
import { replayArea } from '../support/golden-area.ts';

replayArea('idpsync');
