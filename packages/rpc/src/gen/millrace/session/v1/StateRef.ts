// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface StateRef {
  'operator'?: (string);
  'partition'?: (number);
  'partitions'?: (number);
  'versionMs'?: (number | string | Long);
  'batchMs'?: (number | string | Long);
  'directory'?: (string);
  'oldestMs'?: (number | string | Long);
}

export interface StateRef__Output {
  'operator': (string);
  'partition': (number);
  'partitions': (number);
  'versionMs': (number);
  'batchMs': (number);
  'directory': (string);
  'oldestMs': (number);
}
