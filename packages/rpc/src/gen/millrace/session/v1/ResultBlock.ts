// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ResultBlock {
  'id'?: (string);
  'sizeBytes'?: (number | string | Long);
}

export interface ResultBlock__Output {
  'id': (string);
  'sizeBytes': (number);
}
