#!/usr/bin/env bash
# A real HDFS for tests: a name node and a data node with WebHDFS, from the Maven registry, on the loopback interface and on
# free ports.
#
#   hdfs.sh start DIR   waits until it is ready, and prints where it listens: HDFS_URL=… and so on
#   hdfs.sh stop DIR    ends it; kill: with SIGKILL, as a crash would
#   hdfs.sh status DIR  prints the same as start, or exits with 1
#
# DIR keeps data, ports, logs and pid files: a second start on it finds the files again, at the same addresses. The user that
# starts it may do everything, others what permissions say.
#
#   HDFS_HEAP         heap size of each process    (256m)
#   WAIT_SECONDS      longest wait until ready     (90)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

parse_args "$@"
name_pid="$dir/namenode.pid"
data_pid="$dir/datanode.pid"

property() { printf '  <property><name>%s</name><value>%s</value></property>\n' "$1" "$2"; }

write_config() {
  # The jars lack the pages of the web console, whose folders have to be on the class path all the same.
  mkdir -p "$dir/tmp" "$dir/conf/webapps"/{hdfs,datanode,static}
  {
    printf '<configuration>\n'
    property fs.defaultFS "hdfs://127.0.0.1:$port"
    property hadoop.tmp.dir "$dir/tmp"
    printf '</configuration>\n'
  } >"$dir/conf/core-site.xml"
  {
    printf '<configuration>\n'
    property dfs.replication 1
    property dfs.namenode.name.dir "file://$dir/name"
    property dfs.datanode.data.dir "file://$dir/data"
    property dfs.namenode.rpc-bind-host 127.0.0.1
    property dfs.namenode.http-address "127.0.0.1:$http_port"
    property dfs.datanode.address "127.0.0.1:$data_port"
    property dfs.datanode.http.address "127.0.0.1:$data_http_port"
    property dfs.datanode.ipc.address "127.0.0.1:$data_ipc_port"
    property dfs.datanode.hostname 127.0.0.1
    property dfs.namenode.datanode.registration.ip-hostname-check false
    property dfs.namenode.safemode.extension 0
    property dfs.heartbeat.interval 1
    # The client within a data node waits so long, 400 ms by default, when a block is not reported yet as a file is closed.
    property dfs.client.block.write.locateFollowingBlock.initial.delay.ms 10
    printf '</configuration>\n'
  } >"$dir/conf/hdfs-site.xml"
  cat >"$dir/conf/log4j.properties" <<'END'
log4j.rootLogger=WARN,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d %p %c{1}: %m%n
END
}

daemon() {
  local name="$1" pidfile="$2" class="$3"
  launch "$name" "$pidfile" "$dir/$name.log" java -Xmx"${HDFS_HEAP:-256m}" \
    -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true -Djava.net.preferIPv4Stack=true \
    --add-opens java.base/java.lang=ALL-UNNAMED \
    -Dhadoop.log.dir="$dir" -cp "$dir/conf:$jars/*" "$class"
}

# One live data node, and out of safe mode.
ready() {
  local state
  state="$(curl -sf "http://127.0.0.1:$http_port/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState")"
  grep -q '"NumLiveDataNodes" : 1' <<<"$state" && grep -q '"FSState" : "Operational"' <<<"$state"
}

name_ready() { curl -s -o /dev/null "http://127.0.0.1:$http_port/"; }

print_endpoint() {
  printf 'HDFS_URL=hdfs://127.0.0.1:%s\nHDFS_HTTP=http://127.0.0.1:%s\n' "$port" "$http_port"
  printf 'HDFS_CLASSPATH=%s\n' "$dir/conf:$(fetch_jars hdfs)/*"
}

read -r port http_port data_port data_http_port data_ipc_port <<<"$(choose_ports 5)"
case "$action" in
start)
  need curl java node setsid
  jars="$(fetch_jars hdfs)"
  if ! running "$name_pid"; then
    write_config
    if [ ! -f "$dir/name/current/VERSION" ]; then
      java -XX:TieredStopAtLevel=1 -Dhadoop.log.dir="$dir" -cp "$dir/conf:$jars/*" \
        org.apache.hadoop.hdfs.server.namenode.NameNode -format -nonInteractive \
        >"$dir/format.log" 2>&1 || { tail -5 "$dir/format.log" >&2; die "hdfs: formatting failed"; }
    fi
    daemon namenode "$name_pid" org.apache.hadoop.hdfs.server.namenode.NameNode
  fi
  if ! running "$data_pid"; then
    daemon datanode "$data_pid" org.apache.hadoop.hdfs.server.datanode.DataNode
  fi
  await namenode "$name_pid" "$dir/namenode.log" name_ready
  await datanode "$data_pid" "$dir/datanode.log" ready
  print_endpoint
  ;;
stop)
  halt datanode "$data_pid"
  halt namenode "$name_pid"
  ;;
kill)
  halt datanode "$data_pid" KILL
  halt namenode "$name_pid" KILL
  ;;
status) if running "$name_pid" && running "$data_pid"; then print_endpoint; else log "hdfs: not running"; exit 1; fi ;;
esac
