-- Search by part of a name or address uses trigrams; the extension is trusted, so the owner of a database may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"hashed_secret" bytea NOT NULL,
	"user_id" uuid NOT NULL,
	"last_used" timestamp with time zone DEFAULT '1970-01-01 00:00:00+00' NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"login_type" text NOT NULL,
	"kind" text NOT NULL,
	"lifetime_seconds" bigint NOT NULL,
	"ip_address" text DEFAULT '0.0.0.0' NOT NULL,
	"token_name" text DEFAULT '' NOT NULL,
	"scopes" text[] NOT NULL,
	"allow_list" text[] NOT NULL,
	CONSTRAINT "api_keys_allow_list_check" CHECK (cardinality(allow_list) > 0),
	CONSTRAINT "api_keys_kind_check" CHECK (kind in ('session', 'key', 'token') and (kind = 'token') = (login_type = 'token'))
);
--> statement-breakpoint
CREATE TABLE "audit_logs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"time" timestamp with time zone NOT NULL,
	"user_id" uuid,
	"organization_id" uuid,
	"ip" text DEFAULT '' NOT NULL,
	"user_agent" text DEFAULT '' NOT NULL,
	"request_id" uuid,
	"resource_type" text NOT NULL,
	"resource_id" text NOT NULL,
	"resource_target" text NOT NULL,
	"action" text NOT NULL,
	"diff" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"status_code" integer NOT NULL,
	"additional_fields" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "git_ssh_keys" (
	"user_id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"private_key" text NOT NULL,
	"public_key" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notification_preferences" (
	"user_id" uuid NOT NULL,
	"template_id" uuid NOT NULL,
	"disabled" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "notification_preferences_pkey" PRIMARY KEY("user_id","template_id")
);
--> statement-breakpoint
CREATE TABLE "organization_members" (
	"user_id" uuid NOT NULL,
	"organization_id" uuid NOT NULL,
	"roles" text[] DEFAULT '{}' NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "organization_members_pkey" PRIMARY KEY("user_id","organization_id")
);
--> statement-breakpoint
CREATE TABLE "organizations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"display_name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"icon" text DEFAULT '' NOT NULL,
	"is_default" boolean DEFAULT false NOT NULL,
	"default_org_member_roles" text[] DEFAULT '{"organization-workspace-access"}' NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "site_settings" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_configs" (
	"user_id" uuid NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "user_configs_pkey" PRIMARY KEY("user_id","key")
);
--> statement-breakpoint
CREATE TABLE "user_counts" (
	"shard" integer PRIMARY KEY NOT NULL,
	"live" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_links" (
	"user_id" uuid NOT NULL,
	"login_type" text NOT NULL,
	"linked_id" text DEFAULT '' NOT NULL,
	"access_token" text DEFAULT '' NOT NULL,
	"refresh_token" text DEFAULT '' NOT NULL,
	"expires_at" timestamp with time zone DEFAULT '0001-01-01 00:00:00+00' NOT NULL,
	"claims" jsonb DEFAULT '{}'::jsonb NOT NULL,
	CONSTRAINT "user_links_pkey" PRIMARY KEY("user_id","login_type")
);
--> statement-breakpoint
CREATE TABLE "user_secrets" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"name" text collate "C" NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"value" text NOT NULL,
	"value_bytes" integer NOT NULL,
	"env_name" text DEFAULT '' NOT NULL,
	"file_path" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_skills" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"name" text collate "C" NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"content" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"username" text NOT NULL,
	"email" text NOT NULL,
	"name" text DEFAULT '' NOT NULL,
	"avatar_url" text DEFAULT '' NOT NULL,
	"hashed_password" text DEFAULT '' NOT NULL,
	"login_type" text NOT NULL,
	"status" text NOT NULL,
	"roles" text[] DEFAULT '{}' NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT '0001-01-01 00:00:00+00' NOT NULL,
	"deleted" boolean DEFAULT false NOT NULL,
	"is_system" boolean DEFAULT false NOT NULL,
	"is_service_account" boolean DEFAULT false NOT NULL,
	"github_com_user_id" bigint,
	"hashed_one_time_passcode" text,
	"one_time_passcode_expires_at" timestamp with time zone,
	"username_lower" text collate "C" GENERATED ALWAYS AS (lower(username)) STORED NOT NULL,
	"search_text" text GENERATED ALWAYS AS (lower(username) || chr(1) || lower(email)) STORED NOT NULL,
	CONSTRAINT "users_status_check" CHECK (status in ('active', 'dormant', 'suspended')),
	CONSTRAINT "users_login_type_check" CHECK (login_type in ('password', 'github', 'oidc', 'token', 'none', 'oauth2_provider_app')),
	CONSTRAINT "users_service_account_check" CHECK ((email = '') = is_service_account and (not is_service_account or login_type = 'none'))
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "git_ssh_keys" ADD CONSTRAINT "git_ssh_keys_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notification_preferences" ADD CONSTRAINT "notification_preferences_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "organization_members" ADD CONSTRAINT "organization_members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "organization_members" ADD CONSTRAINT "organization_members_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_configs" ADD CONSTRAINT "user_configs_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_links" ADD CONSTRAINT "user_links_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_secrets" ADD CONSTRAINT "user_secrets_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_skills" ADD CONSTRAINT "user_skills_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "api_keys_token_name_key" ON "api_keys" USING btree ("user_id","token_name") WHERE login_type = 'token';--> statement-breakpoint
CREATE INDEX "api_keys_user" ON "api_keys" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "api_keys_expires" ON "api_keys" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "audit_logs_time" ON "audit_logs" USING btree ("time","id");--> statement-breakpoint
CREATE INDEX "audit_logs_user" ON "audit_logs" USING btree ("user_id","time");--> statement-breakpoint
CREATE INDEX "audit_logs_resource" ON "audit_logs" USING btree ("resource_id","time");--> statement-breakpoint
CREATE INDEX "audit_logs_organization" ON "audit_logs" USING btree ("organization_id","time");--> statement-breakpoint
CREATE INDEX "organization_members_organization" ON "organization_members" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "organization_members_user" ON "organization_members" USING btree ("user_id","created_at","organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "organizations_name_lower_key" ON "organizations" USING btree (lower("name"));--> statement-breakpoint
CREATE UNIQUE INDEX "organizations_single_default" ON "organizations" USING btree ("is_default") WHERE is_default;--> statement-breakpoint
CREATE UNIQUE INDEX "user_links_linked_id_key" ON "user_links" USING btree ("login_type","linked_id") WHERE linked_id <> '';--> statement-breakpoint
CREATE UNIQUE INDEX "user_secrets_name_key" ON "user_secrets" USING btree ("user_id","name");--> statement-breakpoint
CREATE UNIQUE INDEX "user_secrets_env_name_key" ON "user_secrets" USING btree ("user_id","env_name") WHERE env_name <> '';--> statement-breakpoint
CREATE UNIQUE INDEX "user_secrets_file_path_key" ON "user_secrets" USING btree ("user_id","file_path") WHERE file_path <> '';--> statement-breakpoint
CREATE UNIQUE INDEX "user_skills_name_key" ON "user_skills" USING btree ("user_id","name");--> statement-breakpoint
CREATE UNIQUE INDEX "users_username_lower_key" ON "users" USING btree (lower("username")) WHERE deleted = false;--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_lower_key" ON "users" USING btree (lower("email")) WHERE deleted = false and email <> '';--> statement-breakpoint
CREATE INDEX "users_list_order" ON "users" USING btree ("username_lower","id") WHERE deleted = false and is_system = false;--> statement-breakpoint
CREATE INDEX "users_search_trgm" ON "users" USING gin (search_text gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "users_owners" ON "users" USING btree ("id") WHERE deleted = false and roles @> array['owner'];