// The recordings of sign-in through identity providers.
import { replaySso } from '../support/golden-sso.ts';
import { ssoNames } from '../support/golden-steps.ts';

replaySso(ssoNames());
