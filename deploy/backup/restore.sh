#!/bin/sh
# Bring a backup back, held: nothing is sent or paid until a person has looked and says `resume`.
#
#   PGHOST=... PGUSER=wx_owner restore.sh BACKUP DATABASE DATA_DIR
#
# DATABASE and DATA_DIR must not be there yet. No process of the service may run before this ends:
# the restored copy knows nothing of what was sent and paid after it was made.
set -eu
backup=$1 database=$2 data=$3
here=$(dirname "$0")
(cd "$backup" && sha256sum --check --quiet SHA256SUMS)
[ ! -e "$data" ] || { echo "$data is there already" >&2; exit 1; }
createdb --template=template0 --encoding=UTF8 --locale-provider=libc --lc-collate=C --lc-ctype=C.UTF-8 "$database"
# All or nothing, and held in the same step that makes it usable.
pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --dbname="$database" "$backup/database.dump"
psql --quiet --set=ON_ERROR_STOP=1 --set=source="$(basename "$backup")" --dbname="$database" --file="$here/hold.sql"
umask 077
mkdir -p "$data"
tar -C "$data" -xzf "$backup/data.tar.gz"
echo "restored into $database, held. Next: roles.sql, check-config, erase-again $(dirname "$backup")/erased.txt, doctor, compare with WeChat Pay's bills, then resume everything"
