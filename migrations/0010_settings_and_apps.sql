CREATE TABLE "oauth2_app_secrets" (
	"id" uuid PRIMARY KEY NOT NULL,
	"app_id" uuid NOT NULL,
	"prefix" text collate "C" NOT NULL,
	"hashed_secret" "bytea" NOT NULL,
	"displayed" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "oauth2_app_secrets_prefix_key" UNIQUE("prefix")
);
--> statement-breakpoint
CREATE TABLE "oauth2_apps" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text collate "C" NOT NULL,
	"callback_url" text NOT NULL,
	"icon" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "shareable_workspace_owners" text DEFAULT 'everyone' NOT NULL;--> statement-breakpoint
ALTER TABLE "oauth2_app_secrets" ADD CONSTRAINT "oauth2_app_secrets_app_id_oauth2_apps_id_fk" FOREIGN KEY ("app_id") REFERENCES "oauth2_apps"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "oauth2_app_secrets_app" ON "oauth2_app_secrets" USING btree ("app_id");