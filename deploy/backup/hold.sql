\encoding UTF8
-- A restored copy is held: whoever lets it go on does so by `resume everything`.
INSERT INTO stop (line, reason, stopped_by, stopped_at)
SELECT 'everything', 'restored from ' || :'source', 'command:restore', now()
WHERE NOT EXISTS (SELECT 1 FROM stop WHERE line = 'everything' AND lifted_at IS NULL);

-- What campaigns sent after the backup is not known here: each goes on only when a person resumes it.
WITH held AS (
  UPDATE campaign
  SET status = 'paused', resume_at = NULL,
      pause_reason = left('自备份 ' || :'source' || ' 恢复，请先核对之后已发送的人', 200)
  WHERE status IN ('scheduled', 'running', 'paused')
  RETURNING id, revision, pause_reason
)
INSERT INTO campaign_event (campaign_id, revision, kind, note, happened_at)
SELECT id, revision, 'paused', pause_reason, now() FROM held;

-- Files of archives are in no backup.
WITH gone AS (
  UPDATE archive SET status = 'removed' WHERE status = 'done' RETURNING id
)
INSERT INTO archive_event (archive_id, deed, actor, happened_at)
SELECT id, 'removed', 'command:restore', now() FROM gone;
