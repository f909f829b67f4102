-- Letter case of names and addresses is folded for A-Z alone, whatever the locale of the database, and text is composed (NFC).
DROP INDEX "organizations_name_lower_key";--> statement-breakpoint
DROP INDEX "users_username_lower_key";--> statement-breakpoint
DROP INDEX "users_email_lower_key";--> statement-breakpoint
ALTER TABLE "users" drop column "username_lower";--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "username_lower" text collate "C" GENERATED ALWAYS AS (lower(username collate "C")) STORED NOT NULL;--> statement-breakpoint
-- Three characters compose to ASCII ones: who has them in an address must not get somebody else's.
UPDATE users SET email = normalize(email, NFC) WHERE email IS NOT NFC NORMALIZED AND email !~ '[\u037e\u1fef\u212a]';--> statement-breakpoint
UPDATE users SET name = normalize(name, NFC) WHERE name IS NOT NFC NORMALIZED;--> statement-breakpoint
UPDATE organizations SET display_name = normalize(display_name, NFC) WHERE display_name IS NOT NFC NORMALIZED;--> statement-breakpoint
-- Two accounts that the old rule told apart (NFC and NFD; I and i under a Turkish locale) and the new one does not: the
-- older keeps name and address, the younger gets one of its own, and the audit log says so.
WITH doubles AS (
  SELECT id, username, row_number() OVER (PARTITION BY username_lower ORDER BY created_at, id) AS place FROM users WHERE deleted = false
), changed AS (
  UPDATE users u SET username = rtrim(left(u.username, 23), '-') || '-' || left(u.id::text, 8)
  FROM doubles d WHERE d.id = u.id AND d.place > 1 RETURNING u.id, d.username AS old, u.username AS new
)
INSERT INTO audit_logs (id, time, resource_type, resource_id, resource_target, action, diff, status_code)
SELECT gen_random_uuid(), now(), 'user', id, new, 'write',
  jsonb_build_object('username', jsonb_build_object('old', old, 'new', new, 'secret', false)), 200 FROM changed;--> statement-breakpoint
WITH doubles AS (
  SELECT id, email, row_number() OVER (PARTITION BY lower(email collate "C") ORDER BY created_at, id) AS place
  FROM users WHERE deleted = false AND email <> ''
), changed AS (
  UPDATE users u SET email = u.id || '@duplicate.invalid'
  FROM doubles d WHERE d.id = u.id AND d.place > 1 RETURNING u.id, u.username, d.email AS old, u.email AS new
)
INSERT INTO audit_logs (id, time, resource_type, resource_id, resource_target, action, diff, status_code)
SELECT gen_random_uuid(), now(), 'user', id, username, 'write',
  jsonb_build_object('email', jsonb_build_object('old', old, 'new', new, 'secret', false)), 200 FROM changed;--> statement-breakpoint
WITH doubles AS (
  SELECT id, name, row_number() OVER (PARTITION BY lower(name collate "C") ORDER BY is_default DESC, created_at, id) AS place FROM organizations
), changed AS (
  UPDATE organizations o SET name = rtrim(left(o.name, 23), '-') || '-' || left(o.id::text, 8)
  FROM doubles d WHERE d.id = o.id AND d.place > 1 RETURNING o.id, d.name AS old, o.name AS new
)
INSERT INTO audit_logs (id, time, organization_id, resource_type, resource_id, resource_target, action, diff, status_code)
SELECT gen_random_uuid(), now(), id, 'organization', id, new, 'write',
  jsonb_build_object('name', jsonb_build_object('old', old, 'new', new, 'secret', false)), 200 FROM changed;--> statement-breakpoint
CREATE UNIQUE INDEX "organizations_name_lower_key" ON "organizations" USING btree (lower("name" collate "C"));--> statement-breakpoint
CREATE UNIQUE INDEX "users_username_lower_key" ON "users" USING btree ("username_lower") WHERE deleted = false;--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_lower_key" ON "users" USING btree (lower("email" collate "C")) WHERE deleted = false and email <> '';--> statement-breakpoint
-- It went with the column.
CREATE INDEX "users_list_order" ON "users" USING btree ("username_lower","id") WHERE deleted = false and is_system = false;
