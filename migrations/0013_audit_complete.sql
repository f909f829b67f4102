ALTER TABLE "audit_logs" ADD COLUMN "key_id" text;--> statement-breakpoint
CREATE INDEX "audit_logs_request" ON "audit_logs" USING btree ("request_id");--> statement-breakpoint
CREATE INDEX "audit_logs_type" ON "audit_logs" USING btree ("resource_type","time","id");--> statement-breakpoint
CREATE INDEX "audit_logs_action" ON "audit_logs" USING btree ("action","time","id");--> statement-breakpoint
CREATE INDEX "audit_logs_target" ON "audit_logs" USING btree (left("resource_target", 200),"time") WHERE resource_target <> '';
--> statement-breakpoint
-- An entry about a key is about its user, as in the API; which key stands beside it.
UPDATE audit_logs SET key_id = resource_id,
  resource_id = coalesce(diff #>> '{user_id,new}', diff #>> '{user_id,old}', user_id::text, '00000000-0000-0000-0000-000000000000')
WHERE resource_type = 'api_key' AND resource_id !~ '-';
--> statement-breakpoint
UPDATE audit_logs SET resource_id = '5e771465-0000-4000-8000-000000000000', resource_target = ''
WHERE resource_type = 'notifications_settings' AND resource_id = 'notifications_settings';
