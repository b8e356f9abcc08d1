#!/bin/sh
# Wait until the web process or push door on this port can work: wait-ready.sh PORT [SECONDS]
set -eu
port=$1 left=${2:-60}
while [ "$left" -gt 0 ]; do
  curl --fail --silent --output /dev/null --max-time 2 --header "Host: ${WX_HOST:-127.0.0.1}" "http://127.0.0.1:$port/readyz" && exit 0
  left=$((left - 1))
  sleep 1
done
echo "the process on port $port is not ready" >&2
exit 1
