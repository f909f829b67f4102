-- What every deployment has from its first start: an identity, the default organization and the system account.
INSERT INTO site_settings (key, value) VALUES ('deployment_id', gen_random_uuid()::text);
--> statement-breakpoint
INSERT INTO organizations (id, name, display_name, description, is_default, created_at, updated_at)
VALUES (gen_random_uuid(), 'coder', 'Coder', 'Builtin default organization.', true, now(), now());
--> statement-breakpoint
INSERT INTO users (id, username, email, name, login_type, status, is_system, created_at, updated_at)
VALUES ('c42fdf75-3097-471c-8c33-fb52454d81c0', 'prebuilds', 'prebuilds@system', 'Prebuilds Owner', 'none', 'active', true, now(), now());
--> statement-breakpoint
INSERT INTO organization_members (user_id, organization_id, created_at, updated_at)
SELECT 'c42fdf75-3097-471c-8c33-fb52454d81c0', id, now(), now() FROM organizations WHERE is_default;
