// Original file: proto/millrace/operator/v1/operator_service.proto

import type { JobState as _millrace_operator_v1_JobState, JobState__Output as _millrace_operator_v1_JobState__Output } from '../../../millrace/operator/v1/JobState.ts';
import type { Error as _millrace_common_v1_Error, Error__Output as _millrace_common_v1_Error__Output } from '../../../millrace/common/v1/Error.ts';
import type { Warning as _millrace_operator_v1_Warning, Warning__Output as _millrace_operator_v1_Warning__Output } from '../../../millrace/operator/v1/Warning.ts';
import type { ExecutorFigures as _millrace_operator_v1_ExecutorFigures, ExecutorFigures__Output as _millrace_operator_v1_ExecutorFigures__Output } from '../../../millrace/operator/v1/ExecutorFigures.ts';
import type { JobLog as _millrace_operator_v1_JobLog, JobLog__Output as _millrace_operator_v1_JobLog__Output } from '../../../millrace/operator/v1/JobLog.ts';
import type { Draining as _millrace_operator_v1_Draining, Draining__Output as _millrace_operator_v1_Draining__Output } from '../../../millrace/operator/v1/Draining.ts';
import type { Long } from '@grpc/proto-loader';

export interface Job {
  'id'?: (string);
  'name'?: (string);
  'state'?: (_millrace_operator_v1_JobState);
  'submittedAtMs'?: (number | string | Long);
  'endedAtMs'?: (number | string | Long);
  'batchIntervalMs'?: (number | string);
  'batchesCompleted'?: (number | string | Long);
  'batchesFailed'?: (number | string | Long);
  'batchesWaiting'?: (number | string | Long);
  'executors'?: (number);
  'error'?: (_millrace_common_v1_Error | null);
  'driverPid'?: (number);
  'spilledBytes'?: (number | string | Long);
  'warnings'?: (_millrace_operator_v1_Warning)[];
  'executorFigures'?: (_millrace_operator_v1_ExecutorFigures)[];
  'restarts'?: (number);
  'log'?: (_millrace_operator_v1_JobLog | null);
  'draining'?: (_millrace_operator_v1_Draining | null);
  '_endedAtMs'?: "endedAtMs";
  '_batchIntervalMs'?: "batchIntervalMs";
  '_driverPid'?: "driverPid";
}

export interface Job__Output {
  'id': (string);
  'name': (string);
  'state': (_millrace_operator_v1_JobState__Output);
  'submittedAtMs': (number);
  'endedAtMs'?: (number);
  'batchIntervalMs'?: (number);
  'batchesCompleted': (number);
  'batchesFailed': (number);
  'batchesWaiting': (number);
  'executors': (number);
  'error': (_millrace_common_v1_Error__Output | null);
  'driverPid'?: (number);
  'spilledBytes': (number);
  'warnings': (_millrace_operator_v1_Warning__Output)[];
  'executorFigures': (_millrace_operator_v1_ExecutorFigures__Output)[];
  'restarts': (number);
  'log': (_millrace_operator_v1_JobLog__Output | null);
  'draining': (_millrace_operator_v1_Draining__Output | null);
  '_endedAtMs'?: "endedAtMs";
  '_batchIntervalMs'?: "batchIntervalMs";
  '_driverPid'?: "driverPid";
}
