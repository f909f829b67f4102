-- Keeps user_counts: one row of changes for each writing session's shard, so that parallel writers do not meet.
CREATE FUNCTION count_listed_users() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change bigint := 0;
BEGIN
  IF TG_OP <> 'INSERT' AND NOT OLD.deleted AND NOT OLD.is_system THEN change := change - 1; END IF;
  IF TG_OP <> 'DELETE' AND NOT NEW.deleted AND NOT NEW.is_system THEN change := change + 1; END IF;
  IF change <> 0 THEN
    UPDATE user_counts SET live = live + change WHERE shard = pg_backend_pid() % 16;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER users_counted_rows AFTER INSERT OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION count_listed_users();
--> statement-breakpoint
CREATE TRIGGER users_counted_changes AFTER UPDATE OF deleted, is_system ON users FOR EACH ROW EXECUTE FUNCTION count_listed_users();
--> statement-breakpoint
INSERT INTO user_counts (shard, live) SELECT shard, 0 FROM generate_series(0, 15) AS shard;
--> statement-breakpoint
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
