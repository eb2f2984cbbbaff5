// Original file: proto/millrace/cluster/v1/node_service.proto

import type { Long } from '@grpc/proto-loader';

export interface NodeHello {
  'protocol'?: (number);
  'executor'?: (string);
  'slots'?: (number);
  'memoryBytes'?: (number | string | Long);
  'host'?: (string);
  'pid'?: (number);
  'jobs'?: (string)[];
}

export interface NodeHello__Output {
  'protocol': (number);
  'executor': (string);
  'slots': (number);
  'memoryBytes': (number);
  'host': (string);
  'pid': (number);
  'jobs': (string)[];
}
