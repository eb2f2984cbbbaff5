// Original file: proto/millrace/operator/v1/operator_service.proto

import type { Batch as _millrace_operator_v1_Batch, Batch__Output as _millrace_operator_v1_Batch__Output } from '../../../millrace/operator/v1/Batch.ts';

export interface BatchesResponse {
  'batches'?: (_millrace_operator_v1_Batch)[];
}

export interface BatchesResponse__Output {
  'batches': (_millrace_operator_v1_Batch__Output)[];
}
