// Original file: proto/millrace/session/v1/session_service.proto

import type { TaskMetrics as _millrace_session_v1_TaskMetrics, TaskMetrics__Output as _millrace_session_v1_TaskMetrics__Output } from '../../../millrace/session/v1/TaskMetrics.ts';
import type { StateVersion as _millrace_session_v1_StateVersion, StateVersion__Output as _millrace_session_v1_StateVersion__Output } from '../../../millrace/session/v1/StateVersion.ts';
import type { Long } from '@grpc/proto-loader';

export interface MapOutput {
  'partitionBytes'?: (number | string | Long)[];
  'metrics'?: (_millrace_session_v1_TaskMetrics | null);
  'accumulators'?: (Buffer | Uint8Array | string);
  'copies'?: (Buffer | Uint8Array | string)[];
  'replica'?: (string);
  'checksum'?: (number);
  'state'?: (_millrace_session_v1_StateVersion | null);
}

export interface MapOutput__Output {
  'partitionBytes': (number)[];
  'metrics': (_millrace_session_v1_TaskMetrics__Output | null);
  'accumulators': (Buffer);
  'copies': (Buffer)[];
  'replica': (string);
  'checksum': (number);
  'state': (_millrace_session_v1_StateVersion__Output | null);
}
