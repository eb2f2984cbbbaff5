// Original file: proto/millrace/operator/v1/operator_service.proto

import type { Long } from '@grpc/proto-loader';

export interface WaitsReport {
  'waitsFor'?: (string)[];
  'byMs'?: (number | string | Long);
  '_byMs'?: "byMs";
}

export interface WaitsReport__Output {
  'waitsFor': (string)[];
  'byMs'?: (number);
  '_byMs'?: "byMs";
}
