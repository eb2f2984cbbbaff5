// Original file: proto/millrace/operator/v1/operator_service.proto

import type { ExecutorState as _millrace_operator_v1_ExecutorState, ExecutorState__Output as _millrace_operator_v1_ExecutorState__Output } from '../../../millrace/operator/v1/ExecutorState.ts';
import type { Long } from '@grpc/proto-loader';

export interface Executor {
  'id'?: (string);
  'host'?: (string);
  'slots'?: (number);
  'memoryBytes'?: (number | string | Long);
  'state'?: (_millrace_operator_v1_ExecutorState);
  'jobs'?: (string)[];
  'lastSeenAtMs'?: (number | string | Long);
  'rssBytes'?: (number | string | Long);
  'waitsFor'?: (string)[];
}

export interface Executor__Output {
  'id': (string);
  'host': (string);
  'slots': (number);
  'memoryBytes': (number);
  'state': (_millrace_operator_v1_ExecutorState__Output);
  'jobs': (string)[];
  'lastSeenAtMs': (number);
  'rssBytes': (number);
  'waitsFor': (string)[];
}
