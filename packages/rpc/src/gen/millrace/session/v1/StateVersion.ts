// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface StateVersion {
  'batchMs'?: (number | string | Long);
  'attempt'?: (number | string | Long);
  'epoch'?: (number | string | Long);
}

export interface StateVersion__Output {
  'batchMs': (number);
  'attempt': (number);
  'epoch': (number);
}
