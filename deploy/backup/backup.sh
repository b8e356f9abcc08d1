#!/bin/sh
# One backup: the database as pg_dump writes it, the data folder, and what belongs together.
#
#   PGHOST=... PGUSER=wx_owner PGDATABASE=wx [KEEP_DAYS=30] backup.sh FOLDER DATA_DIR
#
# FOLDER gets <instant>/database.dump, data.tar.gz and SHA256SUMS; whatever is unfinished is named
# .unfinished and never taken for a backup. The keys of [privacy] are not in it: keep them apart. FOLDER/erased.txt
# says by numbers who was erased up to now, whichever backup is restored one day: `erase-again` takes it. A line once
# written stays: a restored copy that is backed up before `erase-again` knows less than the list does.
# Archives (数据归档) are not in it: one may hold everybody in the clear, is kept for a week, and no `erase-again` reaches
# into it. Backups older than KEEP_DAYS are taken away once a new one is there. DATA_DIR/backed-up tells the service
# that it was made: /metrics says how long ago, and WxBackupMissing when that is too long.
set -eu
folder=$1 data=$2
name=$(date -u +%Y%m%dT%H%M%SZ)
[ ! -e "$folder/$name" ] || { sleep 1; name=$(date -u +%Y%m%dT%H%M%SZ); }
work="$folder/.unfinished-$name"
umask 077
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
pg_dump --format=custom --compress=6 --no-owner --no-privileges --file="$work/database.dump"
tar -C "$data" -czf "$work/data.tar.gz" --exclude=./clock-offset --exclude=./archives --exclude=./backed-up .
(cd "$work" && sha256sum database.dump data.tar.gz > SHA256SUMS && sha256sum --check --quiet SHA256SUMS)
pg_restore --list "$work/database.dump" > /dev/null
psql --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --file="$(dirname "$0")/erased.sql" > "$work/erased.here"
touch "$folder/erased.txt"
LC_ALL=C sort -u "$folder/erased.txt" "$work/erased.here" > "$work/erased.txt"
mv "$work/erased.txt" "$folder/erased.txt"
rm "$work/erased.here"
mv "$work" "$folder/$name"
trap - EXIT
touch "$data/backed-up"
find "$folder" -mindepth 1 -maxdepth 1 -type d ! -name "$name" \
    \( -name '[0-9]*T*Z' -mtime "+${KEEP_DAYS:-30}" -o -name '.unfinished-*' -mtime +0 \) -exec rm -rf {} +
echo "$folder/$name"
