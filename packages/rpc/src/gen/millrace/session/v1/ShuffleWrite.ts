// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ShuffleWrite {
  'shuffle'?: (number | string | Long);
  'partitions'?: (number);
}

export interface ShuffleWrite__Output {
  'shuffle': (number);
  'partitions': (number);
}
