// Wire types of the question "may I?" (POST /authcheck).
import { z } from 'zod';
import { map } from './answers.ts';
import { MAX_CHECKS, MAX_LABEL, MAX_WORD } from './sizes.ts';
import { goBool, goMap, goString } from './wire.ts';

const AuthorizationObject = z
  .object({
    resource_type: goString(MAX_WORD).describe('The kind of thing, such as user or workspace'),
    owner_id: goString(MAX_WORD).describe('Id of the owner, or me'),
    organization_id: goString(MAX_WORD),
    resource_id: goString(MAX_WORD).describe('A stored thing, whose owner and organization then count'),
    any_org: goBool().describe('Whether the action is allowed in any organization'),
  })
  .meta({ id: 'codersdk.AuthorizationObject' });
export type AuthorizationObject = z.output<typeof AuthorizationObject>;

const NOTHING = { resource_type: '', owner_id: '', organization_id: '', resource_id: '', any_org: false };

const AuthorizationCheck = z
  .object({ object: AuthorizationObject.default(NOTHING), action: goString(MAX_WORD) })
  .meta({ id: 'codersdk.AuthorizationCheck' });

export const AuthorizationRequest = z
  .object({ checks: goMap(AuthorizationCheck.default({ object: NOTHING, action: '' }), MAX_CHECKS, MAX_LABEL) })
  .meta({ id: 'codersdk.AuthorizationRequest' });
export type AuthorizationRequest = z.output<typeof AuthorizationRequest>;

/** The name of each question with its answer. */
export const AuthorizationResponse = map(z.boolean(), MAX_CHECKS, MAX_LABEL);
