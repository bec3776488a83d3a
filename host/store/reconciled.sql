-- What points, trucks and weighbridges weighed in a month, as the page shows it: a document for each
-- scope (serve/scope.py), computed at night; each run replaces those of its month.
CREATE TABLE reconciled (
    month TEXT NOT NULL,         -- YYYY-MM
    scope TEXT NOT NULL,
    made BIGINT NOT NULL,        -- Unix seconds
    after BIGINT NOT NULL,       -- rows of transfer that were there
    body TEXT NOT NULL,          -- JSON
    PRIMARY KEY (month, scope)
);
