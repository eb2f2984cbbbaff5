// Original file: proto/millrace/cluster/v1/cluster_service.proto

import type { Long } from '@grpc/proto-loader';

export interface MemberHello {
  'protocol'?: (number);
  'executor'?: (string);
  'slots'?: (number);
  'memoryBytes'?: (number | string | Long);
  'host'?: (string);
  'pid'?: (number);
  'jobs'?: (string)[];
}

export interface MemberHello__Output {
  'protocol': (number);
  'executor': (string);
  'slots': (number);
  'memoryBytes': (number);
  'host': (string);
  'pid': (number);
  'jobs': (string)[];
}
