CREATE TABLE "inbox_notifications" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"template_id" uuid NOT NULL,
	"targets" uuid[],
	"title" text NOT NULL,
	"content" text NOT NULL,
	"actions" jsonb NOT NULL,
	"icon" text NOT NULL,
	"read_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notification_messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"method" text NOT NULL,
	"template_id" uuid NOT NULL,
	"targets" uuid[],
	"title" text NOT NULL,
	"content" text NOT NULL,
	"actions" jsonb NOT NULL,
	"labels" jsonb NOT NULL,
	"data" jsonb,
	"sealed_labels" text,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"mark" "bytea" NOT NULL,
	CONSTRAINT "notification_messages_method_check" CHECK (method in ('smtp', 'webhook', 'inbox')),
	CONSTRAINT "notification_messages_status_check" CHECK (status in ('pending', 'sent', 'failed', 'unwanted'))
);
--> statement-breakpoint
CREATE TABLE "notification_methods" (
	"template_id" uuid PRIMARY KEY NOT NULL,
	"method" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "inbox_notifications" ADD CONSTRAINT "inbox_notifications_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notification_messages" ADD CONSTRAINT "notification_messages_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "inbox_notifications_user" ON "inbox_notifications" USING btree ("user_id","created_at","id");--> statement-breakpoint
CREATE INDEX "inbox_notifications_unread" ON "inbox_notifications" USING btree ("user_id") WHERE read_at is null;--> statement-breakpoint
CREATE INDEX "inbox_notifications_created" ON "inbox_notifications" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "notification_messages_mark_key" ON "notification_messages" USING btree ("user_id","method","mark");--> statement-breakpoint
CREATE INDEX "notification_messages_due" ON "notification_messages" USING btree ("due_at") WHERE status = 'pending';--> statement-breakpoint
CREATE INDEX "notification_messages_handled" ON "notification_messages" USING btree ("created_at") WHERE status <> 'pending';--> statement-breakpoint
CREATE INDEX "users_told_of_accounts" ON "users" USING btree ("id") WHERE deleted = false and roles && array['owner', 'user-admin'];