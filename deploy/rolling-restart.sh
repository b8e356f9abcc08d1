#!/bin/sh
# Put /opt/wx-backend/current in force without anybody noticing: the push doors and web processes one after the other,
# each only when the one before answers; nginx passes nothing to the one that is down. In the pause whoever was refused
# by the one that is back now gets his answer from the other. Run `migrate` before: migrations only add what the version
# before does not mind.
set -eu
for port in ${WX_DOOR_PORTS:-8111 8112}; do
  systemctl restart "wx-door@$port.service"
  sleep 1
done
for port in ${WX_PORTS:-8101 8102 8103 8104}; do
  systemctl restart "wx-web@$port.service"
  sleep 1
done
systemctl restart wx-clock.service wx-worker@work.service wx-worker@call.service wx-worker@bulk.service
systemctl restart "wx-pager@${WX_PAGER_PORT:-8121}.service"
systemctl --no-pager --no-legend list-units 'wx-*'
