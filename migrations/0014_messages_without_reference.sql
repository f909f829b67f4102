ALTER TABLE "notification_messages" DROP CONSTRAINT "notification_messages_user_id_users_id_fk";
