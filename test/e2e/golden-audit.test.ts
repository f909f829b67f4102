// The recordings of the audit log: what is written, who reads it, and how it is searched.
import { replayArea } from '../support/golden-area.ts';

replayArea('audit');
