-- Users are counted once for each statement: row by row, a million of them in one transaction wrote one counter a million times.
DROP TRIGGER users_counted_rows ON users;
--> statement-breakpoint
DROP TRIGGER users_counted_changes ON users;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION count_listed_users() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change bigint := 0;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    change := change - (SELECT count(*) FROM old_rows WHERE NOT deleted AND NOT is_system);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    change := change + (SELECT count(*) FROM new_rows WHERE NOT deleted AND NOT is_system);
  END IF;
  IF change <> 0 THEN
    UPDATE user_counts SET live = live + change WHERE shard = pg_backend_pid() % 16;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER users_counted_inserts AFTER INSERT ON users
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_listed_users();
--> statement-breakpoint
CREATE TRIGGER users_counted_updates AFTER UPDATE ON users
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_listed_users();
--> statement-breakpoint
CREATE TRIGGER users_counted_deletes AFTER DELETE ON users
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_listed_users();
