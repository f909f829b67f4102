// What clients may show: every feature that they know by name, and whether this product does it.
import type { Entitlements } from '../codersdk/deployment.ts';

/** What decides about features that are not simply there. */
interface Facts {
  /** Secrets are encrypted at rest. */
  encrypts: boolean;
}

/**
 * A feature is entitled and enabled when this product does it: nothing is held back (docs/differences.md 16). One that
 * comes to be done changes its line here. What needs a setting is entitled, and enabled with it.
 */
const FEATURES: Readonly<Record<string, boolean | ((facts: Facts) => boolean)>> = {
  access_control: false,
  advanced_template_scheduling: false,
  ai_governance_user_limit: false,
  aibridge: false,
  appearance: true,
  audit_log: true,
  boundary: false,
  browser_only: false,
  connection_log: false,
  control_shared_ports: false,
  custom_roles: false,
  external_provisioner_daemons: false,
  external_token_encryption: ({ encrypts }) => encrypts,
  high_availability: true,
  managed_agent_limit: false,
  multiple_external_auth: false,
  multiple_organizations: true,
  scim: false,
  service_accounts: true,
  task_batch_actions: false,
  template_rbac: false,
  user_limit: true,
  user_role_management: true,
  workspace_batch_actions: false,
  workspace_external_agent: false,
  workspace_prebuilds: false,
  workspace_proxy: false,
};

interface Row extends Facts {
  refreshedAt: string;
  /** Undefined for callers who are not to know. */
  activeUsers: number | undefined;
}

/** codersdk.Entitlements */
export function presentEntitlements({ refreshedAt, activeUsers, ...facts }: Row): Entitlements {
  const features = Object.entries(FEATURES).map(([name, does]) => [
    name,
    {
      entitlement: does === false ? 'not_entitled' : 'entitled',
      enabled: typeof does === 'function' ? does(facts) : does,
      ...(name === 'user_limit' && activeUsers !== undefined && { actual: activeUsers }),
    },
  ]);
  return {
    features: Object.fromEntries(features) as Entitlements['features'],
    warnings: [],
    errors: [],
    // Clients ask it before they show anything of the features above.
    has_license: true,
    trial: false,
    require_telemetry: false,
    refreshed_at: refreshedAt,
  };
}
