#!/bin/sh
# On the host of a primary that was replaced, its server stopped: make it a standby of the new one.
#   rejoin.sh /var/lib/postgresql/18/main "host=10.0.0.32 port=5432 user=replicator dbname=postgres"
# Start the server only afterwards: as it was it would take connections as a second primary. What it had and the new
# one has not is thrown away: by pg_rewind, else with the whole copy, which is kept beside it until you remove it.
set -eu
data=$1
source=$2
# Debian keeps these out of PATH: /usr/lib/postgresql/18/bin. Without them nothing below would be told apart.
for program in pg_ctl pg_rewind pg_basebackup; do
  command -v "$program" >/dev/null || { echo "$program is not in PATH" >&2; exit 1; }
done
for left in "$data.replaced" "$data.copied"; do
  [ ! -e "$left" ] || { echo "$left is left from another time: move it away first" >&2; exit 1; }
done
if [ -e "$data/postmaster.pid" ] && pg_ctl status --pgdata "$data" >/dev/null; then
  echo "the server on $data runs: stop it first" >&2
  exit 1
fi
if pg_rewind --target-pgdata "$data" --source-server "$source" --write-recovery-conf; then
  exit 0
fi
echo "it could not be rewound: it is copied anew" >&2
pg_basebackup --pgdata "$data.copied" --dbname "$source" --write-recovery-conf --wal-method stream --checkpoint fast
mv "$data" "$data.replaced"
mv "$data.copied" "$data"
