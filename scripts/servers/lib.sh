# shellcheck shell=bash disable=SC2034
# What the scripts of this folder share: sourced, not run.

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/stream-servers"
wait_seconds="${WAIT_SECONDS:-90}"

log() { printf '%s\n' "$*" >&2; }

die() { log "error: $*"; exit 1; }

need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || die "$tool is not installed"
  done
}

# fetch_jars NAME: copies the jars that NAME/pom.xml names into the cache, once for each content of the pom, and prints the
# folder they are in.
fetch_jars() {
  local name="$1" pom="$here/$1/pom.xml" sum folder
  need mvn java sha256sum flock
  sum="$(sha256sum "$pom" | cut -c1-12)"
  folder="$cache/$name-$sum"
  mkdir -p "$cache"
  (
    flock 9
    if [ ! -f "$folder/.complete" ]; then
      log "$name: fetching jars with Maven"
      rm -rf "$folder"
      mvn -q -B -f "$pom" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$folder" >"$cache/$name-maven.log" 2>&1 ||
        { tail -20 "$cache/$name-maven.log" >&2; die "$name: Maven failed"; }
      touch "$folder/.complete"
    fi
  ) 9>"$cache/$name.lock"
  printf '%s\n' "$folder"
}

# choose_ports COUNT: so many ports of the loopback interface that are free now, the same ones for a directory as before. They are
# below those that the system gives to clients: one of these could be taken by anybody's connection before the server listens.
choose_ports() {
  [ -s "$dir/ports" ] || node -e '
    const { createServer } = require("node:net");
    const { randomInt } = require("node:crypto");
    const listen = () =>
      new Promise((done) => {
        const server = createServer();
        server.once("error", () => done(listen())).listen(randomInt(16000, 32000), "127.0.0.1", () => done(server));
      });
    Promise.all(Array.from({ length: Number(process.argv[1]) }, listen)).then((servers) => {
      console.log(servers.map((server) => server.address().port).join(" "));
      for (const server of servers) server.close();
    });' "$1" >"$dir/ports"
  cat "$dir/ports"
}

# started PID: when the process started, in the kernel's ticks; fails when it is gone.
started() {
  local stat
  { stat="$(<"/proc/$1/stat")"; } 2>/dev/null || return 1
  stat="${stat##*) }"
  [ "${stat%% *}" != Z ] || return 1
  cut -d ' ' -f 20 <<<"$stat"
}

# running PIDFILE: whether the process named there is alive. The file keeps the start time too, so that a later process with
# the same number is not taken for it.
running() {
  local pid start
  [ -s "$1" ] && read -r pid start <"$1" && [ "$(started "$pid")" = "$start" ]
}

# launch NAME PIDFILE LOGFILE COMMAND...: starts a background process in a session of its own, so that it outlives the shell.
launch() {
  local name="$1" pidfile="$2" logfile="$3"
  shift 3
  setsid "$@" >"$logfile" 2>&1 </dev/null 9>&- &
  printf '%s %s\n' "$!" "$(started "$!")" >"$pidfile"
}

# await NAME PIDFILE LOGFILE COMMAND...: runs COMMAND until it succeeds, the process ends, or WAIT_SECONDS have passed.
await() {
  local name="$1" pidfile="$2" logfile="$3" end=$((SECONDS + wait_seconds))
  shift 3
  until "$@" >/dev/null 2>&1; do
    running "$pidfile" || { tail -20 "$logfile" >&2; die "$name ended while starting"; }
    [ "$SECONDS" -lt "$end" ] || { tail -20 "$logfile" >&2; die "$name: not ready after $wait_seconds s"; }
    sleep 0.25
  done
}

# halt NAME PIDFILE [SIGNAL]: ends the process, by force after 20 s.
halt() {
  local name="$1" pidfile="$2" pid
  if running "$pidfile"; then
    read -r pid _ <"$pidfile"
    kill "-${3:-TERM}" "$pid" 2>/dev/null || true
    for _ in $(seq 1 80); do
      running "$pidfile" || break
      sleep 0.25
    done
    if running "$pidfile"; then kill -9 "$pid" 2>/dev/null || true; fi
  fi
  rm -f "$pidfile"
}

usage() { die "usage: $(basename "$0") start|stop|kill|status DIR"; }

# Reads "start|stop|kill|status DIR" into $action and $dir.
parse_args() {
  [ "$#" -eq 2 ] || usage
  action="$1"
  case "$action" in start | stop | kill | status) ;; *) usage ;; esac
  if [ "$action" = start ]; then mkdir -p "$2"; fi
  [ -d "$2" ] || { log "no folder $2: nothing to do"; exit 0; }
  dir="$(cd "$2" && pwd)"
}
