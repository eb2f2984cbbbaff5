// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface WrittenFile {
  'file'?: (string);
  'sizeBytes'?: (number | string | Long);
  'token'?: (string);
}

export interface WrittenFile__Output {
  'file': (string);
  'sizeBytes': (number);
  'token': (string);
}
