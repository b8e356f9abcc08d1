-- Who was erased for good: the lines that the command `erased` prints.
SELECT 'identity ' || id || ' ' || (extract(epoch FROM created_at) * 1000000)::bigint
FROM identity WHERE openid IS NULL ORDER BY id;
SELECT 'member ' || id || ' ' || (extract(epoch FROM created_at) * 1000000)::bigint
FROM member WHERE erased_at IS NOT NULL ORDER BY id;
