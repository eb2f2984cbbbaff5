import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Prints the committed values of a topic, as Kafka's own client reads them: `java -cp JARS ReadCommitted.java BROKERS TOPIC`. */
public class ReadCommitted {
  public static void main(String[] args) {
    Properties options = new Properties();
    options.put("bootstrap.servers", args[0]);
    options.put("isolation.level", "read_committed");
    for (String side : List.of("key", "value"))
      options.put(side + ".deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(options)) {
      List<TopicPartition> partitions = consumer.partitionsFor(args[1]).stream()
          .map(one -> new TopicPartition(one.topic(), one.partition())).collect(Collectors.toList());
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      // Up to the ends of now, so that it knows when it is done.
      var ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one)))
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200)))
          System.out.println(record.value());
    }
  }
}
