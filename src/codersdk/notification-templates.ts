// The built-in kinds of notifications, by their fixed ids, with the texts that clients show of them.

export interface NotificationTemplateText {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly body: string;
  /** Written out as JSON on the wire. */
  readonly actions: readonly { label: string; url: string }[];
  readonly group: string;
  readonly kind: 'system' | 'custom';
}

const USERS = 'User Events';
const ACTIVE = { label: 'View accounts', url: '{{base_url}}/deployment/users?filter=status%3Aactive' };
const SUSPENDED = {
  label: 'View suspended accounts',
  url: '{{base_url}}/deployment/users?filter=status%3Asuspended',
};
const LABEL = (name: string) => `{{.Labels.${name}}}`;
const owner = (label: string, before: string, after: string) =>
  `{{if .Labels.${label}}}${before}**{{.Labels.${label}}}**${after}{{end}}`;

/** What is told of accounts, of the notifications themselves, and what people send. Golden: notify-settings */
export const TEMPLATES = {
  created: {
    id: '4e19c0ac-94e1-4532-9515-d1801aa283b2',
    name: 'User account created',
    title: `User account "${LABEL('created_account_name')}" created`,
    body: `New user account **${LABEL('created_account_name')}** has been created.\n\nThis new user account was created ${owner('created_account_user_name', 'for ', ' ')}by **${LABEL('initiator')}**.`,
    actions: [ACTIVE],
    group: USERS,
    kind: 'system',
  },
  deleted: {
    id: 'f44d9314-ad03-4bc8-95d0-5cad491da6b6',
    name: 'User account deleted',
    title: `User account "${LABEL('deleted_account_name')}" deleted`,
    body: `User account **${LABEL('deleted_account_name')}** has been deleted.\n\nThe deleted account ${owner('deleted_account_user_name', 'belonged to ', ' and ')}was deleted by **${LABEL('initiator')}**.`,
    actions: [ACTIVE],
    group: USERS,
    kind: 'system',
  },
  suspended: {
    id: 'b02ddd82-4733-4d02-a2d7-c36f3598997d',
    name: 'User account suspended',
    title: `User account "${LABEL('suspended_account_name')}" suspended`,
    body: `User account **${LABEL('suspended_account_name')}** has been suspended.\n\nThe account ${owner('suspended_account_user_name', 'belongs to ', ' and it ')}was suspended by **${LABEL('initiator')}**.`,
    actions: [SUSPENDED],
    group: USERS,
    kind: 'system',
  },
  activated: {
    id: '9f5af851-8408-4e73-a7a1-c6502ba46689',
    name: 'User account activated',
    title: `User account "${LABEL('activated_account_name')}" activated`,
    body: `User account **${LABEL('activated_account_name')}** has been activated.\n\nThe account ${owner('activated_account_user_name', 'belongs to ', ' and it ')}was activated by **${LABEL('initiator')}**.`,
    actions: [ACTIVE],
    group: USERS,
    kind: 'system',
  },
  yoursSuspended: {
    id: '6a2f0609-9b69-4d36-a989-9f5925b6cbff',
    name: 'Your account has been suspended',
    title: `Your account "${LABEL('suspended_account_name')}" has been suspended`,
    body: `Your account **${LABEL('suspended_account_name')}** has been suspended by **${LABEL('initiator')}**.`,
    actions: [],
    group: USERS,
    kind: 'system',
  },
  yoursActivated: {
    id: '1a6a6bea-ee0a-43e2-9e7c-eabdb53730e4',
    name: 'Your account has been activated',
    title: `Your account "${LABEL('activated_account_name')}" has been activated`,
    body: `Your account **${LABEL('activated_account_name')}** has been activated by **${LABEL('initiator')}**.`,
    actions: [{ label: 'Open Coder', url: '{{base_url}}' }],
    group: USERS,
    kind: 'system',
  },
  passcode: {
    id: '62f86a30-2330-4b61-a26d-311ff3b608cf',
    name: 'One-Time Passcode',
    title: 'Reset your password for Coder',
    body: 'Somebody, hopefully you, asked for a new password. The link works once and for 20 minutes.\n\nIf it was not you, ignore this message: your password stays as it is.',
    actions: [
      {
        label: 'Reset password',
        url: '{{base_url}}/reset-password/change?otp={{.Labels.one_time_passcode}}&email={{.UserEmail}}',
      },
    ],
    group: USERS,
    kind: 'system',
  },
  test: {
    id: 'c425f63e-716a-4bf4-ae24-78348f706c3f',
    name: 'Troubleshooting Notification',
    title: 'A test notification',
    body: 'This is a test notification.',
    actions: [{ label: 'View notification settings', url: '{{base_url}}/deployment/notifications?tab=settings' }],
    group: 'Notification Events',
    kind: 'system',
  },
  custom: {
    id: '39b1e189-c857-4b0c-877a-511144c18516',
    name: 'Custom Notification',
    title: LABEL('custom_title'),
    body: LABEL('custom_message'),
    actions: [],
    group: 'Custom Events',
    kind: 'custom',
  },
  workspaceDeleted: {
    id: 'f517da0b-cdc9-410f-ab89-a86107c420ed',
    name: 'Workspace Deleted',
    title: `Workspace "${LABEL('name')}" deleted`,
    body: `Your workspace **${LABEL('name')}** was deleted.`,
    actions: [],
    group: 'Workspace Events',
    kind: 'system',
  },
} as const satisfies Record<string, NotificationTemplateText>;

/** All of them, by name. */
export const NOTIFICATION_TEMPLATES: readonly NotificationTemplateText[] = Object.values(TEMPLATES).sort((a, b) =>
  a.name < b.name ? -1 : 1,
);
