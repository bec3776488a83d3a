-- The events that became certain with the readings of a day are mostly those of the day, which stand
-- in platform_day_events: `found` ends before them then.
ALTER TABLE checkpoint ADD COLUMN events INTEGER; -- the revision of the day that has them; NULL: found is whole
