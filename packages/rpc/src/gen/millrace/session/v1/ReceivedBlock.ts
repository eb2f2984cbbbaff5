// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ReceivedBlock {
  'id'?: (string);
  'sizeBytes'?: (number | string | Long);
  'records'?: (number | string | Long);
  'at'?: (string)[];
}

export interface ReceivedBlock__Output {
  'id': (string);
  'sizeBytes': (number);
  'records': (number);
  'at': (string)[];
}
