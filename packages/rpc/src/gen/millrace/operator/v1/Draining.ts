// Original file: proto/millrace/operator/v1/operator_service.proto

import type { Long } from '@grpc/proto-loader';

export interface Draining {
  'byMs'?: (number | string | Long);
  'waitsFor'?: (string)[];
}

export interface Draining__Output {
  'byMs': (number);
  'waitsFor': (string)[];
}
