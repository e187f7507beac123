-- +goose Up
-- Whose token it is: a renewal goes to the service that issued it, whatever the
-- registration says by then. Empty in rows that are older than the columns.
ALTER TABLE grants ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE grants ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
