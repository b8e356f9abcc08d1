-- A restored copy is held: whoever lets it go on does so by `resume everything`.
INSERT INTO stop (line, reason, stopped_by, stopped_at)
SELECT 'everything', 'restored from ' || :'source', 'command:restore', now()
WHERE NOT EXISTS (SELECT 1 FROM stop WHERE line = 'everything' AND lifted_at IS NULL);
