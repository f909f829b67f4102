// How large things may be, each bound once: for schemas, the contract document and whoever checks (docs/differences.md 24).
// Texts are counted in bytes of UTF-8. A text that is part of an index must leave room below 2,704 bytes there.

/** A body, unless its route says otherwise. */
export const MAX_BODY_BYTES = 64 * 1024;
/** Bodies of secrets: the largest value with every byte escaped, and the other fields. */
export const MAX_SECRET_BODY_BYTES = 256 * 1024;
/** Bodies of sync settings: a large mapping at once. */
export const MAX_SYNC_BODY_BYTES = 256 * 1024;
/** Bodies of skills: the largest content with every byte escaped. Golden: rbac-skills-content */
export const MAX_SKILL_BODY_BYTES = 65_536 * 6 + 1024;

/** Ids in every spelling, words that are one of a few, names of roles, scopes and resources. */
export const MAX_WORD = 128;
/** Real names and the like that have no rule of their own. */
export const MAX_LABEL = 1024;
/** Texts that describe something. */
export const MAX_DESCRIPTION = 4096;
/** Addresses of pictures and of push services. */
export const MAX_URL = 2048;

export const MAX_USERNAME = 32;
export const MAX_REAL_NAME = 128;
export const MAX_DISPLAY_NAME = 64;
/** Indexed in lower case, which may be longer: half as much again at most. */
export const MAX_EMAIL = 1024;
/** New passwords have at most 64 bytes; what is offered to a sign-in may be wrong, but not without end. */
export const MAX_PASSWORD = 16_384;
/** Indexed: names of tokens and secrets. */
export const MAX_NAME = 2048;
export const MAX_THEME = 256;

export const MAX_SECRET_VALUE = 24_576;
export const MAX_ENV_NAME = 256;
export const MAX_FILE_PATH = 4096;
export const MAX_SKILL_CONTENT = 65_536;

export const MAX_LICENSE = 16_384;
/** Announcements that are shown at once. */
export const MAX_BANNERS = 20;
/** Sections of the report on health. */
export const MAX_SECTIONS = 20;

/** Settings of sync: values of a claim, what one of them gives, and pairs of one change. */
export const MAX_CLAIM_VALUES = 2000;
export const MAX_MAPPED = 200;
export const MAX_SYNC_CHANGES = 2000;
export const MAX_REGEXP = 256;
/** The settings of one kind, as they are stored. */
export const MAX_SYNC_SETTINGS = 262_144;
/** Claims of one trial. */
export const MAX_CLAIMS = 500;

/** Roles of one user, organizations of a new one. */
export const MAX_ROLES = 100;
export const MAX_SCOPES = 256;
/** Counted before anything is merged. Golden: keys-allow-list-input/129-entries */
export const MAX_ALLOW_LIST = 128;
/** Questions of one authcheck; the body holds fewer. */
export const MAX_CHECKS = 1000;
export const MAX_PREFERENCES = 200;

/** A parameter of a query, and of a path as it is written there. */
export const MAX_QUERY_PARAMETER = 4096;
/** Parameters of a query, repeated ones included. */
export const MAX_QUERY_VALUES = 200;
export const MAX_PATH_PARAMETER = 5000;
export const MAX_INT32 = 2_147_483_647;

/** A refusal: its message, its detail, and the fields that it names, however much is wrong. */
export const MAX_REFUSAL = 4096;
export const MAX_VALIDATIONS = 20;
/** Answers: ids as they are written out, moments, and numbers that every reader of JSON has exactly. */
export const MAX_UUID = 36;
export const MAX_TIME = 40;
export const MAX_COUNT = Number.MAX_SAFE_INTEGER;
/** Things that the program knows by name: settings, features, permissions, kinds of notifications. */
export const MAX_KNOWN = 1000;
/** A notification with the names of whom it is about. */
export const MAX_NOTIFICATION = 16_384;
export const MAX_INBOX_PAGE = 25;
/** Of one user. */
export const MAX_SECRETS = 50;
export const MAX_SKILLS = 100;
