// The objects that operations ask the permission engine about: one constructor for each kind of question.
import { isOwner } from './owners.ts';
import { isPlainRole, type RoleRef } from './roles.ts';

/**
 * What is acted on. A missing field is "none of it": an object without an id stands for the resource as a whole, one
 * without an owner belongs to nobody, one without an organization to the site. The engine treats '' like missing.
 */
export interface RbacObject {
  readonly type: string;
  readonly id?: string;
  readonly owner?: string;
  readonly org?: string;
  /** Asks "in any of my organizations?"; together with an organization the answer is always no. */
  readonly anyOrg?: boolean;
  /** Group id -> actions that its members have in addition to what their roles say. */
  readonly groupAcl?: Readonly<Record<string, readonly string[]>>;
  /** Of somebody with the role owner: only owners and the person change it; the roles of its organization reach it. */
  readonly ofOwner?: boolean;
  /** Acting on it is power over people, for which a limited key is not enough: always, or unless it is one's own. */
  readonly power?: 'over-anyone' | 'over-others';
}

/** Somebody who is acted on, as far as decisions look. */
interface Person {
  readonly id: string;
  /** Site roles as stored. */
  readonly roles: readonly string[];
}

/** A user, also the thing checked for its name, appearance and SSH key; a user owns itself. */
export function userObject(user: Person): RbacObject {
  return { type: 'user', id: user.id, owner: user.id, ofOwner: isOwner(user) };
}

/**
 * A user as far as the roles held do not matter: for reading, and for the two things of an owner that user
 * administrators may change, real name and preferences (golden: rbac-matrix-user-admin).
 */
export function bareUserObject(user: { readonly id: string }): RbacObject {
  return { type: 'user', id: user.id, owner: user.id };
}

/** What opens an account: password, address and login type. */
export function credentialsObject(user: Person): RbacObject {
  return { ...userObject(user), power: 'over-anyone' };
}

/** An account as a whole, to be deleted, suspended or activated: with all its roles, unless they are everybody's. */
export function accountObject(user: Person, held: readonly RoleRef[]): RbacObject {
  return held.every(isPlainRole) ? userObject(user) : { ...userObject(user), power: 'over-others' };
}

/** A user about to be created, and "users in general". */
export function newUserObject(): RbacObject {
  return { type: 'user' };
}

/** An existing API key. Its id is no UUID, so only `api_key:*` in an allow list reaches it. */
export function keyObject(key: { readonly id: string; readonly userId: string }): RbacObject {
  return { type: 'api_key', id: key.id, owner: key.userId, power: 'over-others' };
}

/** A key about to be created for a user, and "all keys of that user". */
export function newKeyObject(user: Person): RbacObject {
  return { type: 'api_key', owner: user.id, ofOwner: isOwner(user), power: 'over-others' };
}

/** The keys of everybody. */
export function allKeysObject(): RbacObject {
  return { type: 'api_key', power: 'over-others' };
}

/** The kinds of things that are checked by their owner alone, without an id. */
export type UserOwnedResource =
  | 'user_secret'
  | 'user_skill'
  | 'notification_preference'
  | 'inbox_notification'
  | 'webpush_subscription'
  | 'notification_message';

/** Something of a user that has no id of its own for the engine. */
export function userOwned(type: UserOwnedResource, userId: string): RbacObject {
  return { type, owner: userId };
}

/** A message in somebody's inbox. */
export function inboxMessageObject(message: { readonly id: string; readonly userId: string }): RbacObject {
  return { type: 'inbox_notification', id: message.id, owner: message.userId };
}

/** Messages to people, as somebody sends them who looks after the deployment. */
export function messagesObject(): RbacObject {
  return { type: 'notification_message' };
}

/** A kind of notification. */
export function notificationTemplateObject(id: string): RbacObject {
  return { type: 'notification_template', id };
}

/** An organization; it belongs to itself. */
export function organizationObject(id: string): RbacObject {
  return { type: 'organization', id, org: id };
}

/** An organization about to be created. */
export function newOrganizationObject(): RbacObject {
  return { type: 'organization' };
}

/** One membership, to be looked at: the id is that of the user. */
export function memberObject(userId: string, organizationId: string): RbacObject {
  return { type: 'organization_member', id: userId, org: organizationId, owner: userId };
}

/** One membership, to be ended: its roles go with it. */
export function membershipObject(user: Person, organizationId: string): RbacObject {
  return { ...memberObject(user.id, organizationId), ofOwner: isOwner(user), power: 'over-others' };
}

/** The members of an organization as a whole, as the paginated list needs it. */
export function membersObject(organizationId: string): RbacObject {
  return { type: 'organization_member', org: organizationId };
}

/** A membership about to be made. It has no owner: nobody may add themselves because the row would be theirs. */
export function newMemberObject(user: Person, organizationId: string): RbacObject {
  return { type: 'organization_member', id: user.id, org: organizationId, ofOwner: isOwner(user) };
}

/** The site roles, as a list and as far as plain accounts get them. */
export function assignRoleObject(): RbacObject {
  return { type: 'assign_role' };
}

/** Site roles handed out to somebody or taken away. Which of them an owner's account may lose is for `canAssign`. */
export function grantRoleObject(): RbacObject {
  return { type: 'assign_role', power: 'over-anyone' };
}

/** The roles of an organization, as a list and as far as every new account gets them. */
export function assignOrgRoleObject(organizationId: string): RbacObject {
  return { type: 'assign_org_role', org: organizationId };
}

/** Roles of an organization handed out or taken away: from one person, or from all its members. */
export function grantOrgRoleObject(organizationId: string, user?: Person): RbacObject {
  return {
    type: 'assign_org_role',
    org: organizationId,
    ofOwner: user !== undefined && isOwner(user),
    power: 'over-anyone',
  };
}

/** The audit log of the deployment. */
export function auditObject(): RbacObject {
  return { type: 'audit_log' };
}

/** The settings of the deployment. */
export function deploymentConfigObject(): RbacObject {
  return { type: 'deployment_config' };
}

/** What helps to find out why something does not work. */
export function debugInfoObject(): RbacObject {
  return { type: 'debug_info' };
}

/** Settings of sync with the identity provider, of the site or of an organization. */
export function idpSyncObject(organizationId?: string): RbacObject {
  return { type: 'idpsync_settings', ...(organizationId !== undefined && { org: organizationId }) };
}

/** The same to be changed: whoever signs in next gets the memberships and roles that they say. */
export function idpSyncChangeObject(organizationId?: string): RbacObject {
  return { ...idpSyncObject(organizationId), power: 'over-anyone' };
}

/** What goes on in the deployment, in numbers. */
export function deploymentStatsObject(): RbacObject {
  return { type: 'deployment_stats' };
}

/** Templates of an organization; without one, of any of the caller's. */
export function templatesObject(organizationId?: string): RbacObject {
  return organizationId === undefined ? { type: 'template', anyOrg: true } : { type: 'template', org: organizationId };
}

/** Jobs of the provisioners of an organization. */
export function provisionerJobsObject(organizationId: string): RbacObject {
  return { type: 'provisioner_jobs', org: organizationId };
}

/** Provisioners of an organization. */
export function provisionerDaemonsObject(organizationId: string): RbacObject {
  return { type: 'provisioner_daemon', org: organizationId };
}

/** The servers of a deployment. */
export function replicasObject(): RbacObject {
  return { type: 'replicas' };
}

/** Who connected to what. */
export function connectionLogObject(): RbacObject {
  return { type: 'connection_log' };
}

/** Licences of the deployment. */
export function licenseObject(): RbacObject {
  return { type: 'license' };
}

/** Applications that act for people. */
export function oauth2AppObject(): RbacObject {
  return { type: 'oauth2_app' };
}

/** Secrets of such applications. */
export function oauth2SecretObject(): RbacObject {
  return { type: 'oauth2_app_secret' };
}

/** Where workspaces are reached. */
export function proxiesObject(): RbacObject {
  return { type: 'workspace_proxy' };
}

/** A group: its members may read it. The Everyone group of an organization has the organization's id. */
export function groupObject(group: { readonly id: string; readonly organizationId: string }): RbacObject {
  return { type: 'group', id: group.id, org: group.organizationId, groupAcl: { [group.id]: ['read'] } };
}
