-- Figures that people bring: only ever added; a later row of the same figure and period takes
-- the place of the earlier one, which stays. value: decimal text, NULL for one withdrawn.
CREATE TABLE figure (
    id {serial},
    figure TEXT NOT NULL,
    period TEXT NOT NULL,        -- YYYY or YYYY-MM
    value TEXT,
    unit TEXT NOT NULL,
    source TEXT NOT NULL,        -- the document it was taken from
    entered_by TEXT NOT NULL,
    entered_on TEXT NOT NULL,    -- local date of the statement
    note TEXT NOT NULL,          -- why it takes the place of another
    imported BIGINT NOT NULL,   -- Unix seconds UTC
    file TEXT NOT NULL,          -- name and SHA-256 of what was imported
    supersedes BIGINT REFERENCES figure (id)
);
CREATE INDEX figure_of ON figure (figure, period);
CREATE UNIQUE INDEX figure_once ON figure (supersedes) WHERE supersedes IS NOT NULL;
