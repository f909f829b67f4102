// The recordings of roles, organizations, members, secrets and skills.
import { replayArea } from '../support/golden-area.ts';

replayArea('rbac');
