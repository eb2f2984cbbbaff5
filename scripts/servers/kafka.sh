#!/usr/bin/env bash
# A real Kafka broker for tests: one node, from the Maven registry, on the loopback interface and on free ports.
#
#   kafka.sh start DIR   waits until it is ready, and prints where it listens: KAFKA_BROKERS=… and so on
#   kafka.sh stop DIR    ends it; kill: with SIGKILL, as a crash would
#   kafka.sh status DIR  prints the same as start, or exits with 1
#
# DIR keeps data, ports, keys, log and pid file: a second start on it finds the topics again, at the same address.
#
# Listeners: plain (everything is allowed), SASL without TLS, and TLS, which asks for a client's certificate and takes none
# too. Users of SASL (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512): alice, alice-secret, who may do everything, and bob, bob-secret,
# who may do what ACLs say, as may the subject of any OAUTHBEARER token, which are not verified.
#
#   KAFKA_PARTITIONS  partitions of a new topic    (2)
#   KAFKA_HEAP        heap size                    (512m)
#   WAIT_SECONDS      longest wait until ready     (90)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

parse_args "$@"
pidfile="$dir/kafka.pid"
logfile="$dir/kafka.log"

write_config() {
  local jaas=org.apache.kafka.common.security
  cat >"$dir/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller_port
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller_port,SASL://127.0.0.1:$sasl_port,SSL://127.0.0.1:$ssl_port
advertised.listeners=PLAINTEXT://127.0.0.1:$port,SASL://127.0.0.1:$sasl_port,SSL://127.0.0.1:$ssl_port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,SSL:SSL
inter.broker.listener.name=PLAINTEXT
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:alice;User:CN=client
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config=$jaas.plain.PlainLoginModule required user_alice="alice-secret" user_bob="bob-secret";
listener.name.sasl.scram-sha-256.sasl.jaas.config=$jaas.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config=$jaas.scram.ScramLoginModule required;
listener.name.sasl.oauthbearer.sasl.jaas.config=$jaas.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
ssl.keystore.type=PEM
ssl.keystore.location=$dir/server-all.pem
ssl.truststore.type=PEM
ssl.truststore.location=$dir/ca.pem
ssl.client.auth=requested
log.dirs=$dir/data
num.partitions=${KAFKA_PARTITIONS:-2}
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
log.cleaner.backoff.ms=200
log.retention.ms=-1
auto.create.topics.enable=false
EOF
  cat >"$dir/log4j2.properties" <<'EOF'
rootLogger.level=warn
rootLogger.appenderRef.stdout.ref=STDOUT
appender.stdout.type=Console
appender.stdout.name=STDOUT
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=%d %p %c{1} %m%n
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
EOF
}

# An authority, and what it has signed: the broker's key for 127.0.0.1 and localhost, and a client's.
write_keys() {
  [ ! -f "$dir/client.pem" ] || return 0
  local new=(openssl req -newkey rsa:2048 -nodes)
  "${new[@]}" -x509 -days 3650 -subj /CN=ca -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
  sign server localhost
  sign client client
  cat "$dir/server.key" "$dir/server.pem" >"$dir/server-all.pem"
}

# sign NAME SUBJECT: a key and its certificate.
sign() {
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "$dir/$1.key" -out "$dir/$1.csr" 2>/dev/null
  openssl x509 -req -days 3650 -in "$dir/$1.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial \
    -extfile <(printf 'subjectAltName=IP:127.0.0.1,DNS:localhost') -out "$dir/$1.pem" 2>/dev/null
}

format() {
  [ ! -f "$dir/data/meta.properties" ] || return 0
  local users=() mechanism
  for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
    users+=(--add-scram "$mechanism=[name=alice,password=alice-secret]" --add-scram "$mechanism=[name=bob,password=bob-secret]")
  done
  java -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile="$dir/log4j2.properties" \
    -cp "$jars/*" kafka.tools.StorageTool format \
    -t "$({ printf K; head -c 15 /dev/urandom; } | base64 | tr '+/' '-_' | tr -d =)" \
    -c "$dir/server.properties" "${users[@]}" >"$dir/format.log" 2>&1 ||
    { tail -5 "$dir/format.log" >&2; die "kafka: formatting failed"; }
}

ready() { grep -q 'Kafka Server started' "$logfile"; }

print_endpoint() {
  printf 'KAFKA_BROKERS=127.0.0.1:%s\n' "$port"
  printf 'KAFKA_SASL_BROKERS=127.0.0.1:%s\n' "$sasl_port"
  printf 'KAFKA_SSL_BROKERS=127.0.0.1:%s\n' "$ssl_port"
  printf 'KAFKA_DIR=%s\n' "$dir"
}

[ "$action" != start ] || need node openssl
if [ "$action" = start ] || [ -s "$dir/ports" ]; then
  read -r port controller_port sasl_port ssl_port <<<"$(choose_ports 4)"
fi
case "$action" in
start)
  if ! running "$pidfile"; then
    jars="$(fetch_jars kafka)"
    write_config
    write_keys
    format
    launch kafka "$pidfile" "$logfile" java -Xms256m -Xmx"${KAFKA_HEAP:-512m}" \
      -XX:+UseG1GC -Djava.awt.headless=true \
      -Dlog4j2.configurationFile="$dir/log4j2.properties" \
      -cp "$jars/*" kafka.Kafka "$dir/server.properties"
  fi
  await kafka "$pidfile" "$logfile" ready
  print_endpoint
  ;;
stop) halt kafka "$pidfile" ;;
kill) halt kafka "$pidfile" KILL ;;
status) if running "$pidfile"; then print_endpoint; else log "kafka: not running"; exit 1; fi ;;
esac
