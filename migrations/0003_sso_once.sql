CREATE TABLE "spent_states" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"spent_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "user_links" ADD COLUMN "refresh_until" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "spent_states_spent_at" ON "spent_states" USING btree ("spent_at");