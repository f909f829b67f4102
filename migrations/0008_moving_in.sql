CREATE TABLE "autofill_parameters" (
	"user_id" uuid NOT NULL,
	"template_id" uuid NOT NULL,
	"name" text collate "C" NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "autofill_parameters_pkey" PRIMARY KEY("user_id","template_id","name")
);
--> statement-breakpoint
CREATE TABLE "imported_rows" (
	"kind" text collate "C" NOT NULL,
	"key" text collate "C" NOT NULL,
	"fingerprint" uuid NOT NULL,
	CONSTRAINT "imported_rows_pkey" PRIMARY KEY("kind","key")
);
--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "has_ai_seat" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "autofill_parameters" ADD CONSTRAINT "autofill_parameters_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;