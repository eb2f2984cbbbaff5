// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface FileRange {
  'path'?: (string);
  'start'?: (number | string | Long);
  'end'?: (number | string | Long);
  'version'?: (string);
}

export interface FileRange__Output {
  'path': (string);
  'start': (number);
  'end': (number);
  'version': (string);
}
