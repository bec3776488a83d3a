-- To whom an account belongs, as kind:name (serve/scope.py): accounts of before, and what they did,
-- are of the whole district. In the audit trail it is what the account had when it did it.
ALTER TABLE account ADD COLUMN scope TEXT NOT NULL DEFAULT 'district';
ALTER TABLE audit ADD COLUMN scope TEXT NOT NULL DEFAULT 'district';
CREATE INDEX audit_scope ON audit (scope, id);
