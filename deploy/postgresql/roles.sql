-- What the role of the service may do. Two roles: the one that migrates owns every table; wx_app
-- is what web, workers and clock connect as. It adds to the ledger and reads it, nothing else:
-- it can neither change or empty it nor switch its triggers off.
--
-- An administrator makes the role once, and the database, its texts sorted by their bytes:
--   CREATE ROLE wx_app LOGIN PASSWORD '...';
--   CREATE DATABASE wx OWNER wx_owner TEMPLATE template0 ENCODING 'UTF8'
--     LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C.UTF-8';
-- The owner runs this file after every migration; running it again changes nothing.

GRANT USAGE ON SCHEMA public TO wx_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO wx_app;
REVOKE UPDATE, DELETE ON account, posting, entry FROM wx_app;
REVOKE UPDATE, DELETE ON archive_event, figure_fact FROM wx_app;
REVOKE UPDATE, DELETE ON statement, statement_line, payout_event FROM wx_app;
REVOKE UPDATE, DELETE ON audit_entry FROM wx_app;
REVOKE UPDATE, DELETE ON campaign_event FROM wx_app;
REVOKE INSERT, UPDATE, DELETE ON posting_sum, alembic_version FROM wx_app;
