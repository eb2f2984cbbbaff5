// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface StageDone {
  'run'?: (number | string | Long);
}

export interface StageDone__Output {
  'run': (number);
}
