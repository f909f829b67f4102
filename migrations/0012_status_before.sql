ALTER TABLE "user_status_changes" ADD COLUMN "old_status" text;
--> statement-breakpoint
UPDATE user_status_changes c SET old_status = h.old_status
FROM (SELECT id, lag(new_status) OVER (PARTITION BY user_id ORDER BY changed_at, id) AS old_status FROM user_status_changes) h
WHERE h.id = c.id AND h.old_status IS NOT NULL;
--> statement-breakpoint
-- Fills in what the status was before, whoever writes the row.
CREATE FUNCTION note_status_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT c.new_status INTO NEW.old_status FROM user_status_changes c
  WHERE c.user_id = NEW.user_id AND c.changed_at <= NEW.changed_at
  ORDER BY c.changed_at DESC, c.id DESC LIMIT 1;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER user_status_changes_before BEFORE INSERT ON user_status_changes FOR EACH ROW EXECUTE FUNCTION note_status_before();
