-- How much a board adds on a day, of boards that add much, and what went over its limits.
CREATE TABLE growth (
    device TEXT NOT NULL,
    day INTEGER NOT NULL,        -- of arrival: days since 1970-01-01 in Shanghai
    what TEXT NOT NULL,          -- births, lives, gaps, readings, days, crowded: see growth.py
    used BIGINT NOT NULL,        -- of the limit
    went_over BIGINT NOT NULL,   -- readings or birth messages that were not taken
    PRIMARY KEY (device, day, what)
);
