// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface TaskKey {
  'run'?: (number | string | Long);
  'partition'?: (number);
  'attempt'?: (number);
}

export interface TaskKey__Output {
  'run': (number);
  'partition': (number);
  'attempt': (number);
}
