#!/usr/bin/env bash
# A real S3-compatible store for tests: versitygw over a plain folder, built with Go from its module, on the loopback interface
# and on a free port.
#
#   s3.sh start DIR   waits until it is ready, and prints where it listens: S3_ENDPOINT=… and so on
#   s3.sh stop DIR    ends it; kill: with SIGKILL, as a crash would
#   s3.sh status DIR  prints the same as start, or exits with 1
#
# DIR keeps data, port, log and pid file: a second start on it finds the objects again, at the same address. A bucket is a
# folder of DIR/data.
#
#   WAIT_SECONDS      longest wait until ready     (90)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

module=github.com/versity/versitygw/cmd/versitygw@v1.8.0

parse_args "$@"
pidfile="$dir/s3.pid"
logfile="$dir/s3.log"

# Builds the gateway into the cache, once for each version, and prints where it is.
build() {
  local folder="$cache/versitygw-${module##*@}"
  mkdir -p "$cache"
  (
    flock 9
    if [ ! -x "$folder/versitygw" ]; then
      need go
      log "s3: building the gateway, which takes minutes"
      GOBIN="$folder" CGO_ENABLED=0 go install -ldflags '-s -w' "$module" >"$cache/versitygw-build.log" 2>&1 ||
        { tail -20 "$cache/versitygw-build.log" >&2; die "s3: the build failed"; }
    fi
  ) 9>"$cache/versitygw.lock"
  printf '%s\n' "$folder/versitygw"
}

# Any answer will do: without credentials it is 403.
ready() { curl -s -o /dev/null "http://127.0.0.1:$port/"; }

print_endpoint() {
  printf 'S3_ENDPOINT=http://127.0.0.1:%s\nS3_ACCESS_KEY=test-access\nS3_SECRET_KEY=test-secret\n' "$port"
}

case "$action" in
start)
  need curl node setsid
  port="$(choose_ports 1)"
  if ! running "$pidfile"; then
    mkdir -p "$dir/data"
    ROOT_ACCESS_KEY=test-access ROOT_SECRET_KEY=test-secret \
      launch s3 "$pidfile" "$logfile" "$(build)" --port "127.0.0.1:$port" --region us-east-1 --quiet posix "$dir/data"
  fi
  await s3 "$pidfile" "$logfile" ready
  print_endpoint
  ;;
stop) halt s3 "$pidfile" ;;
kill) halt s3 "$pidfile" KILL ;;
status)
  port="$(choose_ports 1)"
  if running "$pidfile"; then print_endpoint; else log "s3: not running"; exit 1; fi
  ;;
esac
