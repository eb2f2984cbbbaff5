// Original file: proto/millrace/operator/v1/operator_service.proto

import type { BatchState as _millrace_operator_v1_BatchState, BatchState__Output as _millrace_operator_v1_BatchState__Output } from '../../../millrace/operator/v1/BatchState.ts';
import type { Error as _millrace_common_v1_Error, Error__Output as _millrace_common_v1_Error__Output } from '../../../millrace/common/v1/Error.ts';
import type { Long } from '@grpc/proto-loader';

export interface Batch {
  'timeMs'?: (number | string | Long);
  'state'?: (_millrace_operator_v1_BatchState);
  'records'?: (number | string | Long);
  'schedulingDelayMs'?: (number | string);
  'processingMs'?: (number | string);
  'error'?: (_millrace_common_v1_Error | null);
  'spilledBytes'?: (number | string | Long);
  'tasks'?: (number | string | Long);
  'taskMs'?: (number | string);
  'recordsRead'?: (number | string | Long);
  '_schedulingDelayMs'?: "schedulingDelayMs";
  '_processingMs'?: "processingMs";
}

export interface Batch__Output {
  'timeMs': (number);
  'state': (_millrace_operator_v1_BatchState__Output);
  'records': (number);
  'schedulingDelayMs'?: (number);
  'processingMs'?: (number);
  'error': (_millrace_common_v1_Error__Output | null);
  'spilledBytes': (number);
  'tasks': (number);
  'taskMs': (number);
  'recordsRead': (number);
  '_schedulingDelayMs'?: "schedulingDelayMs";
  '_processingMs'?: "processingMs";
}
