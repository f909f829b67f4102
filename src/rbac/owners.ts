// Owners: who is one. What that keeps others from is decided in authorize.ts (docs/differences.md 2).

/** Whether somebody has the site role that everything belongs to. */
export const isOwner = (user: { readonly roles: readonly string[] }): boolean => user.roles.includes('owner');
